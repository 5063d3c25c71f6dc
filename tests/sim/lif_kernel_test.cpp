#include "sim/lif_kernel.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "sim/aligned_vector.hpp"
#include "sim/rng.hpp"
#include "tests/sim/instruction_sets.hpp"

namespace shallows {
namespace {

/// A block with its arrivals, and what a kernel makes of them.
template <class Real>
struct BlockCase {
  std::vector<std::uint32_t> offset;
  std::vector<Real> scale;
  std::vector<Real> threshold;
  AlignedVector<Real> weights;
  AlignedVector<Real> reset;
  AlignedVector<Real> x;

  BlockCase(std::size_t arrivals, std::size_t sources, std::uint64_t index) {
    Rng rng(3, Purpose::tests, index);
    for (std::size_t k = 0; k < sources * kBlockLanes; ++k) {
      weights.push_back(static_cast<Real>(rng.uniform() < 0.3 ? 0.0 : 2.0 * (0.2 + rng.normal())));
    }
    for (std::size_t lane = 0; lane < kBlockLanes; ++lane) {
      reset.push_back(static_cast<Real>(rng.uniform(-30.0, 0.0)));
      x.push_back(static_cast<Real>(rng.uniform(-30.0, 1.0)));
    }
    for (std::size_t k = 0; k < arrivals; ++k) {
      offset.push_back(rng.integer(static_cast<std::uint32_t>(sources)) *
                       static_cast<std::uint32_t>(kBlockLanes));
      scale.push_back(
          static_cast<Real>(std::exp(20.0 * static_cast<double>(k) / static_cast<double>(arrivals))));
      const bool tied = k + 1 < arrivals && rng.uniform() < 0.2;
      threshold.push_back(tied ? std::numeric_limits<Real>::infinity() : scale.back());
    }
  }

  struct Result {
    AlignedVector<Real> x;
    std::vector<std::uint64_t> spikes;
  };

  template <class Kernel>
  Result run(Kernel&& kernel) const {
    constexpr std::uint64_t kNotWritten = 0xa5a5a5a5a5a5a5a5;
    Result result{.x = x, .spikes = std::vector<std::uint64_t>(scale.size() * kBlockWords + 1, kNotWritten)};
    const BlockArrivals<Real> arrivals{
        .size = scale.size(), .offset = offset.data(), .scale = scale.data(), .threshold = threshold.data()};
    kernel(arrivals, weights.data(), reset.data(), result.x.data(), result.spikes.data());
    EXPECT_EQ(result.spikes.back(), kNotWritten) << "wrote past the end of the spike bits";
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
  for (const std::size_t arrivals : {0U, 1U, 2U, 31U, 500U}) {
    const BlockCase<Real> block(arrivals, 7, arrivals);
    const auto expected = block.run(run_lif_block_scalar<Real>);
    std::size_t spikes = 0;
    for (std::size_t word = 0; word + 1 < expected.spikes.size(); ++word) {
      spikes += static_cast<std::size_t>(std::popcount(expected.spikes[word]));
    }
    if (arrivals == 500) {
      ASSERT_GT(spikes, 1000U) << "the case is too quiet to show anything";
    }
    for (const auto& [name, targets] : machines) {
      const PretendMachine machine(targets);
      const auto got = block.run(run_lif_block<Real>);
      EXPECT_EQ(got.x, expected.x) << name << ", " << arrivals << " arrivals";
      EXPECT_EQ(got.spikes, expected.spikes) << name << ", " << arrivals << " arrivals";
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

/// One lane, three arrivals, by hand: what the frame means.
TYPED_TEST(LifKernel, JumpsComparesAndResetsInTheScaledFrame) {
  using Real = TypeParam;
  AlignedVector<Real> weights(2 * kBlockLanes, Real{0});
  weights[0] = Real{0.75};
  weights[kBlockLanes] = Real{-0.5};
  AlignedVector<Real> reset(kBlockLanes, Real{-4});
  AlignedVector<Real> x(kBlockLanes, Real{0});
  const std::uint32_t row = kBlockLanes;
  const std::vector<std::uint32_t> offset = {0, row, 0, 0, 0};
  const Real tied = std::numeric_limits<Real>::infinity();
  const std::vector<Real> scale = {1, 1, 2, 4, 8};
  const std::vector<Real> threshold = {tied, 1, 2, 4, 8};
  std::vector<std::uint64_t> spikes(scale.size() * kBlockWords, 0);
  run_lif_block<Real>(
      {.size = scale.size(), .offset = offset.data(), .scale = scale.data(), .threshold = threshold.data()},
      weights.data(), reset.data(), x.data(), spikes.data());
  // 0.75 (tied), 0.25, 0.25 + 1.5 = 1.75 < 2, 1.75 + 3 = 4.75 >= 4: spike, x = -16, then -16 + 6.
  for (std::size_t k = 0; k < scale.size(); ++k) {
    EXPECT_EQ(spikes[k * kBlockWords], k == 3 ? 1U : 0U) << "arrival " << k;
    EXPECT_EQ(spikes[k * kBlockWords + 1], 0U);
  }
  EXPECT_EQ(x[0], Real{-10});
  EXPECT_EQ(x[1], Real{0});
}

TYPED_TEST(LifKernel, SpikesWhenItReachesTheThresholdExactly) {
  using Real = TypeParam;
  const AlignedVector<Real> weights(kBlockLanes, Real{0.5});
  const AlignedVector<Real> reset(kBlockLanes, Real{-1});
  AlignedVector<Real> x(kBlockLanes, Real{0.5});
  const std::uint32_t offset = 0;
  const Real one = 1;
  std::vector<std::uint64_t> spikes(kBlockWords, 0);
  run_lif_block<Real>({.size = 1, .offset = &offset, .scale = &one, .threshold = &one}, weights.data(),
                      reset.data(), x.data(), spikes.data());
  for (const std::uint64_t word : spikes) EXPECT_EQ(word, ~std::uint64_t{0});
  for (const Real value : x) EXPECT_EQ(value, Real{-1});
}

}  // namespace
}  // namespace shallows
