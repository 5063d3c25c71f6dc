#include "sim/core/spike_train.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/core/rng.hpp"

namespace shallows {
namespace {

std::vector<Spike> spikes_of(const SpikeTrain& train) {
  std::vector<Spike> spikes;
  for (std::size_t i = 0; i < train.size(); ++i) spikes.push_back(train[i]);
  return spikes;
}

/// Spikes in [0, 100) on a grid that is coarse enough for equal times and equal spikes.
std::vector<Spike> random_spikes(std::size_t count, std::uint64_t index) {
  Rng rng(1, Purpose::tests, index);
  std::vector<Spike> spikes(count);
  for (Spike& spike : spikes) spike = {0.25 * rng.integer(400), rng.integer(5)};
  return spikes;
}

void assign_unsorted(const std::vector<Spike>& spikes, TimeMs duration, SpikeTrain& train) {
  std::vector<TimeMs> times;
  std::vector<NeuronId> sources;
  for (const Spike& spike : spikes) {
    times.push_back(spike.time);
    sources.push_back(spike.source);
  }
  train.assign_unsorted(times, sources, duration);
}

TEST(SpikeTrain, StartsEmpty) {
  const SpikeTrain train;
  EXPECT_TRUE(train.empty());
  EXPECT_EQ(train.size(), 0U);
  EXPECT_TRUE(train.times().empty());
  EXPECT_TRUE(train.sources().empty());
}

TEST(SpikeTrain, SortsByTimeThenSource) {
  const auto train = SpikeTrain::from_unsorted({{2.0, 1}, {1.0, 7}, {1.0, 3}, {0.5, 9}, {2.0, 0}});
  EXPECT_EQ(spikes_of(train), (std::vector<Spike>{{0.5, 9}, {1.0, 3}, {1.0, 7}, {2.0, 0}, {2.0, 1}}));
}

TEST(SpikeTrain, KeepsEqualSpikes) {
  const auto train = SpikeTrain::from_unsorted({{1.0, 3}, {1.0, 3}});
  EXPECT_EQ(spikes_of(train), (std::vector<Spike>{{1.0, 3}, {1.0, 3}}));
}

TEST(SpikeTrain, ShowsTimesAndSourcesInTheSameOrder) {
  const auto train = SpikeTrain::from_unsorted(random_spikes(500, 0));
  ASSERT_EQ(train.times().size(), train.size());
  ASSERT_EQ(train.sources().size(), train.size());
  for (std::size_t i = 0; i < train.size(); ++i) {
    EXPECT_EQ(train[i], (Spike{train.times()[i], train.sources()[i]}));
  }
}

TEST(SpikeTrain, AppendsInOrder) {
  SpikeTrain train;
  train.append(1.0, 3);
  train.append(1.0, 3);
  train.append(1.0, 4);
  train.append(2.0, 0);
  EXPECT_EQ(train, SpikeTrain::from_unsorted({{2.0, 0}, {1.0, 4}, {1.0, 3}, {1.0, 3}}));
}

TEST(SpikeTrain, TakesWholeTrains) {
  SpikeTrain train;
  train.append(9.0, 9);
  train.assign_sorted(2, [](std::span<TimeMs> times, std::span<NeuronId> sources) {
    times[0] = 1.0;
    times[1] = 1.5;
    sources[0] = 8;
    sources[1] = 2;
  });
  EXPECT_EQ(spikes_of(train), (std::vector<Spike>{{1.0, 8}, {1.5, 2}}));
}

TEST(SpikeTrain, SortsSpikesOfAKnownIntervalAsItSortsAny) {
  for (const std::size_t count : {0U, 1U, 2U, 100U, 10000U}) {
    const std::vector<Spike> spikes = random_spikes(count, count);
    SpikeTrain train;
    train.append(1e9, 0);
    assign_unsorted(spikes, 100.0, train);
    EXPECT_EQ(train, SpikeTrain::from_unsorted(spikes)) << count << " spikes";
  }
}

TEST(SpikeTrain, SortsABurstWithinALongInterval) {
  std::vector<Spike> spikes = random_spikes(1000, 1);
  SpikeTrain train;
  assign_unsorted(spikes, 1e6, train);
  EXPECT_EQ(train, SpikeTrain::from_unsorted(spikes));
}

TEST(SpikeTrain, IsEmptyAfterClear) {
  auto train = SpikeTrain::from_unsorted({{1.0, 3}});
  train.clear();
  EXPECT_EQ(train, SpikeTrain());
  train.append(0.0, 0);
  EXPECT_EQ(train.size(), 1U);
}

TEST(SpikeTrain, TellsTrainsApart) {
  const auto train = SpikeTrain::from_unsorted({{1.0, 3}});
  EXPECT_NE(train, SpikeTrain::from_unsorted({{1.0, 4}}));
  EXPECT_NE(train, SpikeTrain::from_unsorted({{std::nextafter(1.0, 2.0), 3}}));
  EXPECT_NE(train, SpikeTrain());
}

#ifndef NDEBUG
TEST(SpikeTrainDeathTest, RefusesASpikeOutOfOrder) {
  SpikeTrain train;
  train.append(1.0, 3);
  EXPECT_DEATH(train.append(0.5, 3), "");
  EXPECT_DEATH(train.append(1.0, 2), "");
  EXPECT_DEATH(train.assign_sorted(2,
                                   [](std::span<TimeMs> times, std::span<NeuronId> sources) {
                                     times[0] = 2.0;
                                     times[1] = 1.0;
                                     sources[0] = sources[1] = 0;
                                   }),
               "");
}
#endif

}  // namespace
}  // namespace shallows
