// The optimisers of rate networks against their formulas, step by step.
#include "plasticity/rates/optimisers.hpp"

#include <gtest/gtest.h>

#include <Eigen/Core>
#include <cmath>
#include <cstdint>
#include <vector>

namespace shallows {
namespace {

/// Two weights, and the increments that three updates ask of them.
const std::vector<std::vector<double>> kAsked = {{0.5, -2.0}, {-0.25, 1e-3}, {0.125, -0.75}};
constexpr double kStepRate = 0.1;

/// The weights after each update, from 0.3 and -0.7.
template <class Optimiser>
std::vector<Eigen::ArrayXf> path_of(const typename Optimiser::Params& params) {
  std::vector<Eigen::ArrayXf> states(static_cast<std::size_t>(Optimiser::states), Eigen::ArrayXf::Zero(2));
  Eigen::ArrayXf w{{0.3F, -0.7F}};
  std::vector<Eigen::ArrayXf> path;
  for (std::uint64_t t = 1; t <= kAsked.size(); ++t) {
    const Eigen::ArrayXf g{{static_cast<float>(kAsked[t - 1][0]), static_cast<float>(kAsked[t - 1][1])}};
    Optimiser::step(params, static_cast<float>(kStepRate), t, g, w, states.data());
    path.push_back(w);
  }
  return path;
}

/// `change` says by how much a weight moves at update t (from 1) if it is asked for g; it may remember.
template <class Change>
void expect_path(const std::vector<Eigen::ArrayXf>& path, const Change& change) {
  ASSERT_EQ(path.size(), kAsked.size());
  for (Eigen::Index i = 0; i < 2; ++i) {
    Change of_weight = change;
    double w = i == 0 ? 0.3 : -0.7;
    for (std::size_t t = 1; t <= kAsked.size(); ++t) {
      w += of_weight(kAsked[t - 1][static_cast<std::size_t>(i)], static_cast<double>(t));
      // Weights are about 1 and of single precision; so are the factors of the moments.
      EXPECT_NEAR(path[t - 1][i], w, 1e-6) << "update " << t << " of weight " << i;
    }
  }
}

TEST(Sgd, AddsTheRateTimesTheIncrement) {
  expect_path(path_of<Sgd>({}), [](double g, double) { return kStepRate * g; });
}

TEST(MomentumOptimiser, KeepsAPartOfTheLastStep) {
  expect_path(path_of<Momentum>({.momentum = 0.6}), [v = 0.0](double g, double) mutable {
    v = 0.6 * v + g;
    return kStepRate * v;
  });
}

TEST(RmsProp, DividesByTheRootOfTheMeanSquare) {
  expect_path(path_of<RmsProp>({.decay = 0.8, .epsilon = 0.01}), [s = 0.0](double g, double) mutable {
    s = 0.8 * s + 0.2 * g * g;
    return kStepRate * g / (std::sqrt(s) + 0.01);
  });
}

TEST(Adam, DividesTheUnbiasedMeanByTheRootOfTheUnbiasedMeanSquare) {
  expect_path(path_of<Adam>({.beta1 = 0.7, .beta2 = 0.9, .epsilon = 0.01}),
              [m = 0.0, s = 0.0](double g, double t) mutable {
                m = 0.7 * m + 0.3 * g;
                s = 0.9 * s + 0.1 * g * g;
                const double mean = m / (1.0 - std::pow(0.7, t)), square = s / (1.0 - std::pow(0.9, t));
                return kStepRate * mean / (std::sqrt(square) + 0.01);
              });
}

TEST(Adam, RaisesToPowersAsMultiplicationDoes) {
  EXPECT_EQ(Adam::power(0.9, 0), 1.0);
  EXPECT_EQ(Adam::power(0.9, 1), 0.9);
  EXPECT_EQ(Adam::power(2.0, 10), 1024.0);
  EXPECT_EQ(Adam::power(-2.0, 5), -32.0);
  for (const double base : {0.9, 0.999, 0.999999}) {
    for (const std::uint64_t exponent : {2ULL, 3ULL, 17ULL, 1000ULL, 123456ULL}) {
      const double exact = std::pow(base, static_cast<double>(exponent));
      // A relative rounding error of the base grows with the exponent.
      EXPECT_NEAR(Adam::power(base, exponent), exact, 1e-15 * static_cast<double>(exponent) * exact);
    }
  }
}

TEST(Adam, BeginsWithAStepOfTheRateWhateverTheSizeOfTheIncrement) {
  for (const double beta2 : {0.999, 0.999999}) {
    Eigen::ArrayXf w = Eigen::ArrayXf::Zero(5);
    const Eigen::ArrayXf g{{1e-6F, -1e-3F, 0.5F, -40.0F, 1e6F}};
    std::vector<Eigen::ArrayXf> states(2, Eigen::ArrayXf::Zero(5));
    Adam::step({.beta2 = beta2, .epsilon = 1e-15}, 0.01F, 1, g, w, states.data());
    for (Eigen::Index i = 0; i < g.size(); ++i)
      EXPECT_NEAR(w[i], g[i] > 0.0F ? 0.01 : -0.01, 1e-8) << beta2 << ", increment " << g[i];
  }
}

TEST(Adam, StepsByTheRateAsLongAsTheIncrementStaysTheSame) {
  // The mean is then the increment and the mean square its square, both unbiased at every update. The factors
  // of the moments are of single precision, so the rounding of some thousand updates is allowed for.
  for (const double beta2 : {0.999, 0.999999}) {
    Eigen::ArrayXf w = Eigen::ArrayXf::Zero(1);
    const Eigen::ArrayXf g = Eigen::ArrayXf::Constant(1, -0.3F);
    std::vector<Eigen::ArrayXf> states(2, Eigen::ArrayXf::Zero(1));
    for (std::uint64_t t = 1; t <= 3000; ++t) {
      w.setZero();
      Adam::step({.beta2 = beta2}, 0.01F, t, g, w, states.data());
      ASSERT_NEAR(w[0], -0.01, 1e-5) << beta2 << ", update " << t;
    }
  }
}

template <class Optimiser>
class EveryOptimiser : public testing::Test {};
template <class List>
struct OptimiserTypes;
template <class... Entries>
struct OptimiserTypes<List<Entries...>> {
  using Types = testing::Types<Entries...>;
};
using AllOptimisers = OptimiserTypes<Optimisers>::Types;
TYPED_TEST_SUITE(EveryOptimiser, AllOptimisers);

TYPED_TEST(EveryOptimiser, LeavesWeightsAloneOfWhichNothingWasEverAsked) {
  std::vector<Eigen::ArrayXf> states(static_cast<std::size_t>(TypeParam::states), Eigen::ArrayXf::Zero(2));
  Eigen::ArrayXf w{{0.3F, -0.7F}};
  const Eigen::ArrayXf before = w, g = Eigen::ArrayXf::Zero(2);
  for (std::uint64_t t = 1; t <= 3; ++t) TypeParam::step({}, 0.1F, t, g, w, states.data());
  EXPECT_TRUE((w == before).all());
}

TYPED_TEST(EveryOptimiser, StepsTheOtherWayAtANegativeRate) {
  std::vector<Eigen::ArrayXf> states(static_cast<std::size_t>(TypeParam::states), Eigen::ArrayXf::Zero(2));
  auto same = states;
  Eigen::ArrayXf up = Eigen::ArrayXf::Zero(2), down = up;
  for (std::uint64_t t = 1; t <= 3; ++t) {
    const Eigen::ArrayXf g{{0.5F / static_cast<float>(t), -2.0F}};
    TypeParam::step({}, 0.1F, t, g, up, states.data());
    TypeParam::step({}, -0.1F, t, g, down, same.data());
  }
  EXPECT_TRUE((up == -down).all());
}

}  // namespace
}  // namespace shallows
