#include "sim/volleys.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/packed_synapses.hpp"
#include "sim/rng.hpp"
#include "tests/sim/instruction_sets.hpp"

namespace shallows {
namespace {

TEST(Volleys, BecomeOneTrainInOrderWithEveryInstructionSet) {
  Rng rng(6, Purpose::tests, 0);
  std::vector<TimeMs> times;
  for (std::size_t k = 0; k < 300; ++k) times.push_back(0.5 * static_cast<double>(k));
  std::vector<std::vector<Volley>> volleys(5);
  std::vector<Spike> spikes;
  for (std::size_t block = 0; block < volleys.size(); ++block) {
    for (std::uint32_t arrival = 0; arrival < times.size(); ++arrival) {
      if (rng.uniform() < 0.5) continue;
      std::uint64_t lanes = std::uint64_t{1} << rng.integer(64);
      while (rng.uniform() < 0.6) lanes |= std::uint64_t{1} << rng.integer(64);
      if (rng.uniform() < 0.02) lanes = ~std::uint64_t{0};
      volleys[block].push_back({lanes, arrival});
      for (NeuronId lane = 0; lane < 64; ++lane) {
        if ((lanes >> lane & 1) != 0) {
          spikes.push_back({times[arrival], static_cast<NeuronId>(block * kBlockLanes) + lane});
        }
      }
    }
  }
  const SpikeTrain expected = SpikeTrain::from_unsorted(spikes);
  for (const auto& [name, targets] : lesser_machines()) {
    const PretendMachine machine(targets);
    SpikeTrain train;
    order_volleys(times, volleys, train);
    EXPECT_EQ(train, expected) << name;
  }
}

TEST(Volleys, MayBeNone) {
  SpikeTrain train;
  train.append(1.0, 2);
  order_volleys({}, {}, train);
  EXPECT_TRUE(train.empty());
  const std::vector<std::vector<Volley>> silent(3);
  order_volleys(std::vector<TimeMs>{1.0, 2.0}, silent, train);
  EXPECT_TRUE(train.empty());
}

}  // namespace
}  // namespace shallows
