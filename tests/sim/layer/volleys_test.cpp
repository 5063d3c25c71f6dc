#include "sim/layer/volleys.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "sim/core/rng.hpp"
#include "tests/sim/instruction_sets.hpp"

namespace shallows {
namespace {

TEST(Volleys, BecomeOneTrainInOrderWithEveryInstructionSet) {
  Rng rng(6, Purpose::tests, 0);
  // The first arrivals go to another list; arrivals 100 and 101, 102 and 103, and so on are simultaneous.
  constexpr std::uint32_t kFirst = 40;
  std::vector<TimeMs> times;
  std::vector<std::uint32_t> instant;
  for (std::uint32_t k = 0; k < 400; ++k) {
    const bool tied = k >= 100 && k < 200;
    times.push_back(0.5 * (tied ? k / 2 * 2 : k));
    instant.push_back(tied ? k / 2 * 2 + 1 : k);
  }
  struct Block {
    std::vector<std::uint64_t> lanes;  // at the arrivals that reach the block; often none
    std::vector<std::uint16_t> entry;
  };
  std::vector<std::uint16_t> arrival_of(200);  // of the entries
  for (std::uint16_t e = 0; e < arrival_of.size(); ++e) arrival_of[e] = static_cast<std::uint16_t>(3 * e / 2);
  std::vector<Block> blocks(5);
  std::vector<Spike> expected_spikes;
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    for (std::uint16_t e = 0; e < arrival_of.size(); ++e) {
      if (rng.uniform() < 0.3) continue;
      // Of the arrivals of one instant, a block spikes at one.
      const std::uint32_t k = kFirst + arrival_of[e];
      if (k >= 100 && k < 200 && k % 2 != b % 2) continue;
      std::uint64_t lanes = 0;
      while (rng.uniform() < 0.6) lanes |= std::uint64_t{1} << rng.integer(64);
      if (rng.uniform() < 0.02) lanes = ~std::uint64_t{0};
      blocks[b].lanes.push_back(lanes);
      blocks[b].entry.push_back(e);
      for (NeuronId lane = 0; lane < 64; ++lane) {
        if ((lanes >> lane & 1) == 0) continue;
        expected_spikes.push_back({times[k], static_cast<NeuronId>(b * kBlockLanes) + lane});
      }
    }
  }
  const SpikeTrain expected = SpikeTrain::from_unsorted(expected_spikes);
  VolleyScratch scratch;
  for (const auto& [name, targets] : lesser_machines()) {
    const PretendMachine machine(targets);
    std::vector<BlockSpikes> spikes(blocks.size());
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      // In two parts, as when a list is cut.
      const std::size_t part = blocks[b].lanes.size() / 3;
      for (const auto& [first, last] : {std::pair(std::size_t{0}, part), {part, blocks[b].lanes.size()}}) {
        std::vector<std::uint64_t> lanes = blocks[b].lanes;
        std::vector<std::uint16_t> entry = blocks[b].entry;
        lanes.resize(lanes.size() + kVolleySlack, ~std::uint64_t{0});
        entry.resize(entry.size() + kVolleySlack, 0xffff);
        append_volleys({.lanes = std::span(lanes).subspan(first, last - first),
                        .entry = entry.data() + first,
                        .arrival = arrival_of.data(),
                        .first_arrival = kFirst},
                       scratch, spikes[b]);
      }
    }
    SpikeTrain train;
    order_spikes(times, {.blocks = spikes, .instant = instant}, train);
    EXPECT_EQ(train, expected) << name;
  }
}

TEST(Volleys, KnowTheLastArrivalOfEachInstant) {
  std::vector<std::uint32_t> last = {7};
  find_last_of_instants(std::vector<TimeMs>{}, last);
  EXPECT_TRUE(last.empty());
  find_last_of_instants(std::vector<TimeMs>{0.5, 1.0, 2.0}, last);
  EXPECT_TRUE(last.empty());
  find_last_of_instants(std::vector<TimeMs>{0.5, 1.0, 1.0, 1.0, 2.0, 3.0, 3.0}, last);
  EXPECT_EQ(last, (std::vector<std::uint32_t>{0, 3, 3, 3, 4, 6, 6}));
}

TEST(Volleys, MayBeNone) {
  SpikeTrain train;
  train.append(1.0, 2);
  order_spikes({}, {}, train);
  EXPECT_TRUE(train.empty());
  const UnorderedSpikes silent{.blocks = std::vector<BlockSpikes>(3), .instant = {}};
  order_spikes(std::vector<TimeMs>{1.0, 2.0}, silent, train);
  EXPECT_TRUE(train.empty());
}

}  // namespace
}  // namespace shallows
