#include "sim/core/delay_line.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "tests/sim/layer/layer_cases.hpp"
#include "tests/sim/train_matching.hpp"

namespace shallows {
namespace {

TEST(DelayLine, PassesSpikesOnAtOnceWithoutADelay) {
  DelayLine line(0.0);
  const SpikeTrain emitted = train({{0.0, 4}, {1.5, 2}, {1.5, 3}, {9.75, 0}});
  SpikeTrain arrivals;
  line.advance(emitted, 10.0, arrivals);
  EXPECT_EQ(arrivals, emitted);
  EXPECT_TRUE(line.pending().empty());
}

TEST(DelayLine, DeliversLateSpikesInTheNextInterval) {
  DelayLine line(0.5);
  SpikeTrain arrivals;
  line.advance(train({{1.0, 4}, {9.25, 2}, {9.75, 3}}), 10.0, arrivals);
  EXPECT_EQ(arrivals, train({{1.5, 4}, {9.75, 2}}));
  EXPECT_EQ(line.pending(), train({{0.25, 3}}));
  line.advance(train({{0.0, 1}}), 10.0, arrivals);
  EXPECT_EQ(arrivals, train({{0.25, 3}, {0.5, 1}}));
  EXPECT_TRUE(line.pending().empty());
}

TEST(DelayLine, LeavesAnArrivalAtTheEndOfTheIntervalToTheNext) {
  DelayLine line(0.5);
  SpikeTrain arrivals;
  line.advance(train({{9.5, 2}}), 10.0, arrivals);
  EXPECT_TRUE(arrivals.empty());
  line.advance(SpikeTrain(), 10.0, arrivals);
  EXPECT_EQ(arrivals, train({{0.0, 2}}));
}

TEST(DelayLine, HoldsSpikesOverSeveralIntervalsThatAreShorterThanTheDelay) {
  DelayLine line(25.0);
  SpikeTrain arrivals;
  line.advance(train({{1.0, 7}}), 10.0, arrivals);
  EXPECT_TRUE(arrivals.empty());
  EXPECT_EQ(line.pending(), train({{16.0, 7}}));
  line.advance(train({{2.0, 8}}), 10.0, arrivals);
  EXPECT_TRUE(arrivals.empty());
  line.advance(train({{9.0, 9}}), 10.0, arrivals);
  EXPECT_EQ(arrivals, train({{6.0, 7}}));
  EXPECT_EQ(line.pending(), train({{7.0, 8}, {24.0, 9}}));
}

TEST(DelayLine, ContinuesFromThePendingSpikesOfAnother) {
  DelayLine line(0.5);
  SpikeTrain arrivals;
  line.advance(train({{9.75, 3}}), 10.0, arrivals);
  DelayLine copy(0.5, line.pending());
  SpikeTrain from_copy;
  line.advance(train({{1.0, 1}}), 10.0, arrivals);
  copy.advance(train({{1.0, 1}}), 10.0, from_copy);
  EXPECT_EQ(from_copy, arrivals);
}

TEST(DelayLine, DeliversTheSameArrivalsInOneIntervalAndInSeveral) {
  for (std::uint64_t index = 0; index < 50; ++index) {
    Rng rng(31, Purpose::tests, index);
    const TimeMs delay = index % 3 == 0 ? 0.1 : rng.uniform(0.0, 30.0);
    const SpikeTrain emitted = random_arrivals(300, 20, 100.0, index % 2 == 0 ? 0.0 : 0.5, rng);
    DelayLine whole(delay);
    SpikeTrain expected;
    whole.advance(emitted, 100.0, expected);

    std::vector<TimeMs> ends = {100.0};
    for (int i = 0; i < 8; ++i) ends.push_back(rng.uniform(0.0, 100.0));
    std::sort(ends.begin(), ends.end());
    DelayLine line(delay);
    std::vector<Spike> joined;
    SpikeTrain arrivals;
    TimeMs begin = 0.0;
    for (const TimeMs end : ends) {
      line.advance(cut(emitted, begin, end), end - begin, arrivals);
      for (std::size_t k = 0; k < arrivals.size(); ++k) {
        const Spike arrival = arrivals[k];
        EXPECT_LT(arrival.time, end - begin);
        if (k > 0) {
          EXPECT_LE(arrivals[k - 1], arrival) << "not in (time, source) order";
        }
        joined.push_back({begin + arrival.time, arrival.source});
      }
      begin = end;
    }
    EXPECT_LT(largest_distance(train(joined), expected), 1e-9) << "case " << index;
    EXPECT_LT(largest_distance(line.pending(), whole.pending()), 1e-9) << "case " << index;
  }
}

TEST(DelayLine, OrdersArrivalsBySourceWhereRoundingMakesThemSimultaneous) {
  // Two times one rounding step apart that the addition of the delay makes equal.
  const TimeMs first = std::nextafter(1.0, 0.0);
  ASSERT_EQ(first + 64.0, 1.0 + 64.0);
  DelayLine line(64.0);
  SpikeTrain arrivals;
  line.advance(train({{first, 9}, {1.0, 2}}), 100.0, arrivals);
  EXPECT_EQ(arrivals, train({{65.0, 2}, {65.0, 9}}));
}

}  // namespace
}  // namespace shallows
