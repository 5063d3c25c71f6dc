#include "sim/layer/lif_kernel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sim/core/aligned_vector.hpp"
#include "sim/core/rng.hpp"
#include "tests/sim/instruction_sets.hpp"

namespace shallows {
namespace {

/// A team with its lists, and what a kernel makes of them.
template <class Real>
struct TeamCase {
  std::unique_ptr<TeamLists<Real>> lists = std::make_unique<TeamLists<Real>>();
  AlignedVector<Real> weights;  // of all blocks, each from another row on
  AlignedVector<Real> reset;
  AlignedVector<Real> x;
  AlignedVector<Real> free_from;

  const std::size_t blocks;
  const std::size_t steps;

  TeamCase(std::size_t block_count, std::size_t step_count, std::size_t sources, bool simultaneous,
           bool refractory, std::uint64_t index)
      : blocks(block_count), steps(step_count) {
    Rng rng(3, Purpose::tests, index);
    for (std::size_t k = 0; k < (sources + blocks) * kBlockLanes; ++k) {
      weights.push_back(static_cast<Real>(rng.uniform() < 0.3 ? 0.0 : 2.0 * (0.2 + rng.normal())));
    }
    for (std::size_t lane = 0; lane < blocks * kBlockLanes; ++lane) {
      reset.push_back(static_cast<Real>(rng.uniform(-30.0, 0.0)));
      x.push_back(static_cast<Real>(rng.uniform(-30.0, 1.0)));
      free_from.push_back(static_cast<Real>(rng.integer(20)));
    }
    lists->refractory = refractory;
    const std::size_t entries = 2 * (steps + next(blocks - 1)) + 1;  // of which each block hears about a half
    for (std::size_t e = 0; e < entries; ++e) {
      lists->row[e] =
          rng.integer(static_cast<std::uint32_t>(sources)) * static_cast<std::uint32_t>(kBlockLanes);
      lists->scale[e] = static_cast<Real>(
          std::exp(20.0 * (static_cast<double>(e) + rng.uniform()) / static_cast<double>(entries)));
      lists->position[e] = static_cast<Real>(3 * e);
      lists->free_from[e] = static_cast<Real>(3 * e + rng.integer(40));
    }
    lists->simultaneous = simultaneous;
    for (std::size_t b = 0; b < blocks; ++b) {
      for (std::size_t k = 0; k < next(b) + steps; ++k) {
        const std::size_t entry = 2 * k + rng.integer(2);
        lists->entry[b][k] = static_cast<std::uint16_t>(entry);
        const bool tied = rng.uniform() < 0.2;
        lists->threshold[b][k] = tied ? std::numeric_limits<Real>::infinity() : lists->scale[entry];
      }
    }
  }

  /// Blocks begin at different places of their lists.
  static std::size_t next(std::size_t block) { return 3 * block; }

  struct Result {
    AlignedVector<Real> x;
    AlignedVector<Real> free_from;
    std::vector<std::uint64_t> spikes;  // of block after block
  };

  template <class Kernel>
  Result run(Kernel&& kernel) const {
    constexpr std::uint64_t kNotWritten = 0xa5a5a5a5a5a5a5a5;
    Result result{.x = x, .free_from = free_from, .spikes = {}};
    for (auto& block : lists->spikes) std::fill(std::begin(block), std::end(block), kNotWritten);
    std::vector<BlockWalk<Real>> team;
    for (std::size_t b = 0; b < blocks; ++b) {
      team.push_back({.weights = weights.data() + b * kBlockLanes,
                      .reset = reset.data() + b * kBlockLanes,
                      .x = result.x.data() + b * kBlockLanes,
                      .free_from = result.free_from.data() + b * kBlockLanes,
                      .next = next(b)});
    }
    kernel(team, steps, *lists);
    for (std::size_t b = 0; b < blocks; ++b) {
      const std::uint64_t* spikes = lists->spikes[b];
      result.spikes.insert(result.spikes.end(), spikes + next(b), spikes + next(b) + steps);
      EXPECT_EQ(spikes[next(b) + steps], kNotWritten) << "wrote past the end of the spikes";
      for (std::size_t k = 0; k < next(b); ++k) {
        EXPECT_EQ(spikes[k], kNotWritten) << "wrote before the first spikes";
      }
    }
    return result;
  }
};

template <class Real>
class LifKernel : public ::testing::Test {};
using Precisions = ::testing::Types<float, double>;
TYPED_TEST_SUITE(LifKernel, Precisions);

TYPED_TEST(LifKernel, GivesTheBitsOfTheScalarReferenceWithEveryInstructionSet) {
  using Real = TypeParam;
  const auto machines = lesser_machines();
  ASSERT_FALSE(machines.empty());
  for (const auto& [simultaneous, refractory] :
       {std::pair(false, false), std::pair(true, false), std::pair(false, true), std::pair(true, true)}) {
    for (const std::size_t blocks : {1U, 2U, 3U}) {
      for (const std::size_t steps : {0U, 1U, 2U, 31U, 500U}) {
        const TeamCase<Real> team(blocks, steps, 7, simultaneous, refractory, steps);
        const auto expected = team.run(run_lif_team_scalar<Real>);
        std::size_t spikes = 0;
        for (const std::uint64_t word : expected.spikes)
          spikes += static_cast<std::size_t>(std::popcount(word));
        if (steps == 500) {
          ASSERT_GT(spikes, (refractory ? 100U : 300U) * blocks) << "the case is too quiet to show anything";
        }
        for (const auto& [name, targets] : machines) {
          const PretendMachine machine(targets);
          const auto got = team.run(run_lif_team<Real>);
          EXPECT_EQ(got.free_from, expected.free_from) << name;
          EXPECT_EQ(got.x, expected.x) << name << ", " << blocks << " blocks, " << steps << " steps";
          EXPECT_EQ(got.spikes, expected.spikes)
              << name << ", " << blocks << " blocks, " << steps << " steps";
        }
      }
    }
  }
}

TEST(LifKernelVector, ChangesWithTheMachine) {
  // Otherwise the test above compares one kernel with itself. SSSE3 and SSE4 share the baseline's.
  std::set<std::string> names;
  std::size_t shared = 0;
  for (const auto& [name, targets] : lesser_machines()) {
    const PretendMachine machine(targets);
    names.insert(lif_kernel_vector());
    if (name == "SSSE3" || name == "SSE4") ++shared;
  }
  EXPECT_EQ(names.size() + shared, lesser_machines().size());
}

/// One lane, a few arrivals, by hand: what the frame means.
TYPED_TEST(LifKernel, JumpsComparesAndResetsInTheScaledFrame) {
  using Real = TypeParam;
  AlignedVector<Real> weights(2 * kBlockLanes, Real{0});
  weights[0] = Real{0.75};
  weights[kBlockLanes] = Real{-0.5};
  const AlignedVector<Real> reset(kBlockLanes, Real{-4});
  AlignedVector<Real> x(kBlockLanes, Real{0});
  constexpr auto kRow = static_cast<std::uint32_t>(kBlockLanes);
  const std::vector<std::uint32_t> row = {0, kRow, 0, 0, 0};
  const Real tied = std::numeric_limits<Real>::infinity();
  const std::vector<Real> scale = {1, 1, 2, 4, 8};
  const std::vector<Real> threshold = {tied, 1, 2, 4, 8};
  const auto lists = std::make_unique<TeamLists<Real>>();
  lists->simultaneous = true;
  for (std::size_t k = 0; k < scale.size(); ++k) {
    lists->row[k] = row[k];
    lists->scale[k] = scale[k];
    lists->entry[0][k] = static_cast<std::uint16_t>(k);
    lists->threshold[0][k] = threshold[k];
  }
  const BlockWalk<Real> block = {weights.data(), reset.data(), x.data(), nullptr, 0};
  run_lif_team<Real>(std::span(&block, 1), scale.size(), *lists);
  // 0.75 (tied), 0.25, 0.25 + 1.5 = 1.75 < 2, 1.75 + 3 = 4.75 >= 4: spike, x = -16, then -16 + 6.
  for (std::size_t k = 0; k < scale.size(); ++k) {
    EXPECT_EQ(lists->spikes[0][k], k == 3 ? 1U : 0U) << "arrival " << k;
  }
  EXPECT_EQ(x[0], Real{-10});
  EXPECT_EQ(x[1], Real{0});
}

TYPED_TEST(LifKernel, SpikesWhenItReachesTheThresholdExactly) {
  using Real = TypeParam;
  const AlignedVector<Real> weights(kBlockLanes, Real{0.5});
  const AlignedVector<Real> reset(kTeamBlocks * kBlockLanes, Real{-1});
  AlignedVector<Real> x(kTeamBlocks * kBlockLanes, Real{0.5});
  const auto lists = std::make_unique<TeamLists<Real>>();
  lists->row[0] = 0;
  lists->scale[0] = Real{1};
  std::vector<BlockWalk<Real>> team;
  for (std::size_t b = 0; b < kTeamBlocks; ++b) {
    lists->entry[b][0] = 0;
    team.push_back({weights.data(), reset.data() + b * kBlockLanes, x.data() + b * kBlockLanes, nullptr, 0});
  }
  run_lif_team<Real>(team, 1, *lists);
  for (const auto& block : lists->spikes) EXPECT_EQ(block[0], ~std::uint64_t{0});
  for (const Real value : x) EXPECT_EQ(value, Real{-1});
}

}  // namespace
}  // namespace shallows
