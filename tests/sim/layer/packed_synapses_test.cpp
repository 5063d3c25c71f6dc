#include "sim/layer/packed_synapses.hpp"

#include <gtest/gtest.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "tests/sim/instruction_sets.hpp"
#include "tests/sim/layer/layer_cases.hpp"

namespace shallows {
namespace {

struct PackedCase {
  Synapses synapses;
  std::vector<double> divisors;
  Eigen::MatrixXd dense;  // [target][source], divided
};

PackedCase random_case(std::size_t sources, std::size_t targets, Wiring wiring, std::uint64_t index) {
  Rng rng(41, Purpose::tests, index);
  PackedCase result;
  result.synapses = random_layer(sources, targets, wiring, 1.0, rng).synapses;
  result.dense =
      Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(targets), static_cast<Eigen::Index>(sources));
  for (std::size_t i = 0; i < targets; ++i) {
    result.divisors.push_back(rng.uniform(0.1, 2.0));
    const auto from = result.synapses.sources_of(i);
    for (std::size_t s = 0; s < from.size(); ++s) {
      result.dense(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(from[s])) =
          static_cast<double>(result.synapses.weights_of(i)[s]) / result.divisors[i];
    }
  }
  return result;
}

template <class Real>
std::vector<Real> random_values(std::size_t size, std::uint64_t index) {
  Rng rng(42, Purpose::tests, index);
  std::vector<Real> values(size);
  for (Real& value : values) value = static_cast<Real>(rng.normal());
  return values;
}

template <class Real>
class Packed : public ::testing::Test {};
using Precisions = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Packed, Precisions);

TYPED_TEST(Packed, MultipliesAsADenseMatrixDoes) {
  using Real = TypeParam;
  std::uint64_t index = 0;
  for (const std::size_t targets : {1U, 50U, 64U, 65U, 300U}) {
    for (const Wiring wiring : {Wiring::dense, Wiring::sparse, Wiring::window}) {
      const std::size_t sources = 61;
      const PackedCase made = random_case(sources, targets, wiring, ++index);
      const PackedSynapses<Real> packed(made.synapses, made.divisors);
      const std::vector<Real> x = random_values<Real>(sources, index);
      std::vector<Real> out(packed.padded_targets(), Real{7});
      packed.multiply(x, out);
      const Eigen::VectorXd expected =
          made.dense * Eigen::Map<const Eigen::VectorX<Real>>(x.data(), static_cast<Eigen::Index>(x.size()))
                           .template cast<double>();
      // 61 terms, each within 2 rounding steps (weight, sum) of at most about 20 in size.
      const double tolerance = 61 * 2 * 20.0 * std::numeric_limits<Real>::epsilon();
      for (std::size_t i = 0; i < targets; ++i) {
        EXPECT_NEAR(static_cast<double>(out[i]), expected[static_cast<Eigen::Index>(i)], tolerance);
      }
      for (std::size_t i = targets; i < out.size(); ++i) EXPECT_EQ(out[i], Real{0}) << "padding";
    }
  }
}

TYPED_TEST(Packed, MultipliesManyToTheSameBitsAsOneByOne) {
  using Real = TypeParam;
  const PackedCase made = random_case(61, 300, Wiring::window, 50);
  const PackedSynapses<Real> packed(made.synapses, made.divisors);
  const std::vector<Real> xs = random_values<Real>(61 * 7, 51);
  std::vector<Real> outs(packed.padded_targets() * 7), expected;
  packed.multiply_many(xs, outs);
  for (std::size_t k = 0; k < 7; ++k) {
    std::vector<Real> out(packed.padded_targets());
    packed.multiply(std::span(xs).subspan(k * 61, 61), out);
    expected.insert(expected.end(), out.begin(), out.end());
  }
  EXPECT_EQ(outs, expected);
}

TYPED_TEST(Packed, GivesItsWeightsBackAsTheyAreNow) {
  using Real = TypeParam;
  const PackedCase made = random_case(50, 290, Wiring::window, 100);
  PackedSynapses<Real> packed(made.synapses, made.divisors);
  std::vector<Real> expected;
  for (std::size_t i = 0; i < made.synapses.targets(); ++i) {
    for (const float weight : made.synapses.weights_of(i))
      expected.push_back(static_cast<Real>(static_cast<double>(weight) / made.divisors[i]));
  }
  EXPECT_EQ(packed.unpack(made.synapses), expected);
  for (const auto& block : packed.blocks()) {
    for (std::size_t k = 0; k < block.sources.size() * kBlockLanes; ++k) packed.weights(block)[k] *= 2;
  }
  for (Real& weight : expected) weight *= 2;
  EXPECT_EQ(packed.unpack(made.synapses), expected);
}

TYPED_TEST(Packed, HoldsEveryWeightOnceUnderItsSourceAndTarget) {
  using Real = TypeParam;
  const PackedCase made = random_case(50, 160, Wiring::window, 100);
  const PackedSynapses<Real> packed(made.synapses, made.divisors);
  ASSERT_EQ(packed.blocks().size(), 3U);
  EXPECT_EQ(packed.padded_targets(), 3 * kBlockLanes);
  std::size_t rows = 0;
  for (std::size_t b = 0; b < packed.blocks().size(); ++b) {
    const auto& block = packed.blocks()[b];
    EXPECT_TRUE(std::is_sorted(block.sources.begin(), block.sources.end()));
    EXPECT_LT(block.sources.size(), 50U) << "a block must not hold sources that do not reach it";
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(packed.weights(block)) % kCacheLine, 0U);
    rows += block.sources.size();
    Eigen::MatrixXd expected = Eigen::MatrixXd::Zero(kBlockLanes, 50);
    const auto first = static_cast<Eigen::Index>(b * kBlockLanes);
    const Eigen::Index size = std::min<Eigen::Index>(kBlockLanes, made.dense.rows() - first);
    expected.topRows(size) = made.dense.middleRows(first, size);
    for (std::size_t s = 0; s < block.sources.size(); ++s) {
      for (std::size_t lane = 0; lane < kBlockLanes; ++lane) {
        double& left = expected(static_cast<Eigen::Index>(lane), block.sources[s]);
        ASSERT_EQ(packed.weights(block)[s * kBlockLanes + lane], static_cast<Real>(left));
        left = 0.0;
      }
    }
    EXPECT_EQ(expected.cwiseAbs().sum(), 0.0) << "weights were lost";
  }
  EXPECT_EQ(packed.bytes(), rows * kBlockLanes * sizeof(Real));
  EXPECT_EQ(std::accumulate(packed.lanes().begin(), packed.lanes().end(), std::size_t{0}),
            rows * kBlockLanes);
}

TYPED_TEST(Packed, GivesTheBlocksOfACohortTheSameRows) {
  using Real = TypeParam;
  const PackedCase made = random_case(50, 700, Wiring::window, 101);  // 11 blocks
  const PackedSynapses<Real> alone(made.synapses, made.divisors);
  const PackedSynapses<Real> packed(made.synapses, made.divisors, 3);
  ASSERT_EQ(packed.blocks().size(), alone.blocks().size());
  for (std::size_t b = 0; b < packed.blocks().size(); ++b) {
    const auto& sources = packed.blocks()[b].sources;
    EXPECT_EQ(sources, packed.blocks()[b / 3 * 3].sources) << "block " << b;
    const auto& own = alone.blocks()[b].sources;
    EXPECT_TRUE(std::includes(sources.begin(), sources.end(), own.begin(), own.end())) << "block " << b;
  }
  EXPECT_EQ(packed.unpack(made.synapses), alone.unpack(made.synapses));
  EXPECT_TRUE(std::equal(packed.lanes().begin(), packed.lanes().end(), alone.lanes().begin()))
      << "a lane counts where a synapse of its block is";
}

TYPED_TEST(Packed, TakesNoTargetsAndTargetsWithoutSynapses) {
  using Real = TypeParam;
  Synapses none;
  none.source_count = 3;
  const PackedSynapses<Real> empty(none, {});
  EXPECT_TRUE(empty.blocks().empty());
  const std::vector<Real> x = {1, 2, 3};
  std::vector<Real> out;
  empty.multiply(x, out);

  Synapses silent = none;
  silent.offsets = {0, 0, 0};
  const PackedSynapses<Real> deaf(silent, std::vector<double>{1.0, 1.0});
  ASSERT_EQ(deaf.blocks().size(), 1U);
  EXPECT_TRUE(deaf.blocks()[0].sources.empty());
  out.assign(deaf.padded_targets(), Real{7});
  deaf.multiply(x, out);
  for (const Real value : out) EXPECT_EQ(value, Real{0});
}

TYPED_TEST(Packed, MultipliesToTheSameBitsWithEveryInstructionSet) {
  using Real = TypeParam;
  const PackedCase made = random_case(200, 300, Wiring::sparse, 200);
  const PackedSynapses<Real> packed(made.synapses, made.divisors);
  const std::vector<Real> x = random_values<Real>(200, 201);
  std::vector<Real> expected(packed.padded_targets());
  for (std::size_t b = 0; b < packed.blocks().size(); ++b) {
    const auto& block = packed.blocks()[b];
    for (std::size_t s = 0; s < block.sources.size(); ++s) {
      for (std::size_t lane = 0; lane < kBlockLanes; ++lane) {
        Real& sum = expected[b * kBlockLanes + lane];
        sum = std::fma(packed.weights(block)[s * kBlockLanes + lane], x[block.sources[s]], sum);
      }
    }
  }
  for (const auto& [name, targets] : lesser_machines()) {
    const PretendMachine machine(targets);
    std::vector<Real> out(packed.padded_targets());
    packed.multiply(x, out);
    EXPECT_EQ(out, expected) << name;
  }
}

TEST(Synapses, CountTheFanOutOfEachSource) {
  Synapses synapses;
  synapses.source_count = 4;
  synapses.offsets = {0, 2, 3, 3};
  synapses.sources = {0, 2, 2};
  synapses.weights_mV = {1.0F, 2.0F, 3.0F};
  EXPECT_EQ(synapses.targets(), 3U);
  EXPECT_EQ(synapses.fan_out(), (std::vector<std::uint32_t>{1, 0, 2, 0}));
  EXPECT_EQ(synapses.sources_of(1)[0], 2U);
  EXPECT_EQ(synapses.weights_of(1)[0], 3.0F);
  EXPECT_TRUE(synapses.sources_of(2).empty());
}

}  // namespace
}  // namespace shallows
