#include "sim/lif_kernel.hpp"

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
#include <string>
#include <vector>

#include "sim/aligned_vector.hpp"
#include "sim/rng.hpp"
#include "tests/sim/instruction_sets.hpp"

namespace shallows {
namespace {

/// A team with its arrivals, and what a kernel makes of them.
template <class Real>
struct TeamCase {
  std::unique_ptr<TeamArrivals<Real>> arrivals = std::make_unique<TeamArrivals<Real>>();
  AlignedVector<Real> weights;
  AlignedVector<Real> reset;
  AlignedVector<Real> x;

  TeamCase(std::size_t size, std::size_t sources, bool simultaneous, std::uint64_t index) {
    Rng rng(3, Purpose::tests, index);
    for (std::size_t k = 0; k < sources * kBlockLanes; ++k) {
      weights.push_back(static_cast<Real>(rng.uniform() < 0.3 ? 0.0 : 2.0 * (0.2 + rng.normal())));
    }
    for (std::size_t lane = 0; lane < kTeamLanes; ++lane) {
      reset.push_back(static_cast<Real>(rng.uniform(-30.0, 0.0)));
      x.push_back(static_cast<Real>(rng.uniform(-30.0, 1.0)));
    }
    arrivals->size = size;
    arrivals->simultaneous = simultaneous;
    for (std::size_t b = 0; b < kTeamBlocks; ++b) {
      for (std::size_t k = 0; k < size; ++k) {
        arrivals->offset[b][k] =
            rng.integer(static_cast<std::uint32_t>(sources)) * static_cast<std::uint32_t>(kBlockLanes);
        const double scale =
            std::exp(20.0 * (static_cast<double>(k) + rng.uniform()) / static_cast<double>(size));
        arrivals->scale[b][k] = static_cast<Real>(scale);
        const bool tied = k + 1 < size && rng.uniform() < 0.2;
        arrivals->threshold[b][k] = tied ? std::numeric_limits<Real>::infinity() : arrivals->scale[b][k];
      }
    }
  }

  struct Result {
    AlignedVector<Real> x;
    std::vector<std::uint64_t> spikes;  // of block after block
  };

  template <class Kernel>
  Result run(Kernel&& kernel) const {
    constexpr std::uint64_t kNotWritten = 0xa5a5a5a5a5a5a5a5;
    Result result{.x = x, .spikes = {}};
    const auto spikes = std::make_unique<TeamSpikes>();
    for (auto& block : spikes->lanes) std::fill(std::begin(block), std::end(block), kNotWritten);
    kernel(*arrivals, weights.data(), reset.data(), result.x.data(), *spikes);
    for (const auto& block : spikes->lanes) {
      result.spikes.insert(result.spikes.end(), block, block + arrivals->size);
      EXPECT_EQ(block[arrivals->size], kNotWritten) << "wrote past the end of the spikes";
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
  for (const bool simultaneous : {false, true}) {
    for (const std::size_t size : {0U, 1U, 2U, 31U, 500U}) {
      const TeamCase<Real> team(size, 7, simultaneous, size);
      const auto expected = team.run(run_lif_team_scalar<Real>);
      std::size_t spikes = 0;
      for (const std::uint64_t word : expected.spikes)
        spikes += static_cast<std::size_t>(std::popcount(word));
      if (size == 500) {
        ASSERT_GT(spikes, 1000U) << "the case is too quiet to show anything";
      }
      for (const auto& [name, targets] : machines) {
        const PretendMachine machine(targets);
        const auto got = team.run(run_lif_team<Real>);
        EXPECT_EQ(got.x, expected.x) << name << ", " << size << " arrivals";
        EXPECT_EQ(got.spikes, expected.spikes) << name << ", " << size << " arrivals";
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

/// One lane, a few arrivals, by hand: what the frame means. The other blocks of the team hear nothing.
TYPED_TEST(LifKernel, JumpsComparesAndResetsInTheScaledFrame) {
  using Real = TypeParam;
  AlignedVector<Real> weights(3 * kBlockLanes, Real{0});
  weights[0] = Real{0.75};
  weights[kBlockLanes] = Real{-0.5};
  AlignedVector<Real> reset(kTeamLanes, Real{-4});
  AlignedVector<Real> x(kTeamLanes, Real{0});
  constexpr auto kRow = static_cast<std::uint32_t>(kBlockLanes);
  const std::vector<std::uint32_t> offset = {0, kRow, 0, 0, 0};
  const Real tied = std::numeric_limits<Real>::infinity();
  const std::vector<Real> scale = {1, 1, 2, 4, 8};
  const std::vector<Real> threshold = {tied, 1, 2, 4, 8};
  const auto arrivals = std::make_unique<TeamArrivals<Real>>();
  arrivals->size = scale.size();
  arrivals->simultaneous = true;
  for (std::size_t b = 0; b < kTeamBlocks; ++b) {
    for (std::size_t k = 0; k < scale.size(); ++k) {
      arrivals->offset[b][k] = b == 1 ? offset[k] : 2 * kRow;
      arrivals->scale[b][k] = scale[k];
      arrivals->threshold[b][k] = threshold[k];
    }
  }
  const auto spikes = std::make_unique<TeamSpikes>();
  run_lif_team<Real>(*arrivals, weights.data(), reset.data(), x.data(), *spikes);
  // 0.75 (tied), 0.25, 0.25 + 1.5 = 1.75 < 2, 1.75 + 3 = 4.75 >= 4: spike, x = -16, then -16 + 6.
  for (std::size_t k = 0; k < scale.size(); ++k) {
    EXPECT_EQ(spikes->lanes[1][k], k == 3 ? 1U : 0U) << "arrival " << k;
    EXPECT_EQ(spikes->lanes[0][k], 0U);
    EXPECT_EQ(spikes->lanes[2][k], 0U);
  }
  EXPECT_EQ(x[kBlockLanes], Real{-10});
  EXPECT_EQ(x[kBlockLanes + 1], Real{0});
  EXPECT_EQ(x[0], Real{0});
}

TYPED_TEST(LifKernel, SpikesWhenItReachesTheThresholdExactly) {
  using Real = TypeParam;
  const AlignedVector<Real> weights(kBlockLanes, Real{0.5});
  const AlignedVector<Real> reset(kTeamLanes, Real{-1});
  AlignedVector<Real> x(kTeamLanes, Real{0.5});
  const auto arrivals = std::make_unique<TeamArrivals<Real>>();
  arrivals->size = 1;
  for (std::size_t b = 0; b < kTeamBlocks; ++b) {
    arrivals->offset[b][0] = 0;
    arrivals->scale[b][0] = Real{1};
  }
  const auto spikes = std::make_unique<TeamSpikes>();
  run_lif_team<Real>(*arrivals, weights.data(), reset.data(), x.data(), *spikes);
  for (const auto& block : spikes->lanes) EXPECT_EQ(block[0], ~std::uint64_t{0});
  for (const Real value : x) EXPECT_EQ(value, Real{-1});
}

}  // namespace
}  // namespace shallows
