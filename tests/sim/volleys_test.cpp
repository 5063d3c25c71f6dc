#include "sim/volleys.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "sim/bit_lists.hpp"
#include "sim/rng.hpp"
#include "tests/sim/instruction_sets.hpp"

namespace shallows {
namespace {

TEST(Volleys, BecomeOneTrainInOrderWithEveryInstructionSet) {
  Rng rng(6, Purpose::tests, 0);
  std::vector<TimeMs> times;
  for (std::size_t k = 0; k < 300; ++k) times.push_back(0.5 * static_cast<double>(k));
  struct Block {
    std::vector<std::uint64_t> lanes;  // at the arrivals that reach the block; often none
    std::vector<std::uint16_t> entry;
  };
  std::vector<std::uint32_t> arrival_of(200);  // of the entries
  for (std::uint32_t e = 0; e < arrival_of.size(); ++e) arrival_of[e] = 3 * e / 2;
  std::vector<Block> blocks(5);
  std::vector<Spike> expected_spikes;
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    for (std::uint16_t e = 0; e < arrival_of.size(); ++e) {
      if (rng.uniform() < 0.3) continue;
      std::uint64_t lanes = 0;
      while (rng.uniform() < 0.6) lanes |= std::uint64_t{1} << rng.integer(64);
      if (rng.uniform() < 0.02) lanes = ~std::uint64_t{0};
      blocks[b].lanes.push_back(lanes);
      blocks[b].entry.push_back(e);
      for (NeuronId lane = 0; lane < 64; ++lane) {
        if ((lanes >> lane & 1) == 0) continue;
        expected_spikes.push_back({times[arrival_of[e]], static_cast<NeuronId>(b * kBlockLanes) + lane});
      }
    }
  }
  const SpikeTrain expected = SpikeTrain::from_unsorted(expected_spikes);
  std::vector<std::uint16_t> scratch(arrival_of.size() + kBitListSlack);
  for (const auto& [name, targets] : lesser_machines()) {
    const PretendMachine machine(targets);
    std::vector<BlockSpikes> spikes(blocks.size());
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      // In two parts, as when a list is cut.
      const std::size_t part = blocks[b].lanes.size() / 3;
      const std::span lanes(std::as_const(blocks[b].lanes));
      const std::uint16_t* entry = blocks[b].entry.data();
      append_volleys({lanes.first(part), entry, arrival_of.data()}, scratch.data(), spikes[b]);
      append_volleys({lanes.subspan(part), entry + part, arrival_of.data()}, scratch.data(), spikes[b]);
    }
    SpikeTrain train;
    order_spikes(times, spikes, train);
    EXPECT_EQ(train, expected) << name;
  }
}

TEST(Volleys, MayBeNone) {
  SpikeTrain train;
  train.append(1.0, 2);
  order_spikes({}, {}, train);
  EXPECT_TRUE(train.empty());
  const std::vector<BlockSpikes> silent(3);
  order_spikes(std::vector<TimeMs>{1.0, 2.0}, silent, train);
  EXPECT_TRUE(train.empty());
}

}  // namespace
}  // namespace shallows
