// Closed forms of the rules of rate neurons on numbers made by hand, and what holds for every rule of the
// list.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "plasticity/rates/hidden_rules.hpp"
#include "plasticity/rates/rate_batch.hpp"
#include "sim/core/rng.hpp"

namespace shallows {
namespace {

using Matrix = RateMatrix<double>;
using Weights = WeightMatrix<double>;

/// Two neurons, three inputs, two images.
struct Scene {
  Matrix x{{0.5, 1.0}, {-1.0, 0.25}, {2.0, -0.5}};
  Weights w{{0.3, 0.1, -0.2}, {0.4, 0.0, 0.6}};
  Matrix y = w * x;
  Matrix step{{0.1, -0.2}, {0.3, 0.05}};
  RateVector<double> rates{{0.01, 0.02}};

  RateBatch<double> batch() const { return {x, y, y, step, rates}; }
  /// Of image k alone.
  RateBatch<double> image(Eigen::Index k) const {
    return {x.col(k), y.col(k), y.col(k), step.col(k), rates.segment(k, 1)};
  }
};

template <class Rule>
class EveryRateRule : public testing::Test {};

// The plastic rules of the list of hidden rules.
template <class List>
struct PlasticOf;
template <class Fixed, class... Rules>
struct PlasticOf<List<Fixed, Rules...>> {
  using Types = testing::Types<Rules...>;
};
using PlasticRules = PlasticOf<HiddenRules>::Types;
TYPED_TEST_SUITE(EveryRateRule, PlasticRules);

TYPED_TEST(EveryRateRule, IsARule) { static_assert(RateRule<TypeParam>); }

TYPED_TEST(EveryRateRule, ChangesNothingAtRateZero) {
  Scene scene;
  scene.rates.setZero();
  scene.step.setZero();
  EXPECT_EQ(TypeParam::increment({}, scene.batch(), scene.w), Weights(Weights::Zero(2, 3)));
}

TYPED_TEST(EveryRateRule, AddsUpOverTheImagesOfABatch) {
  const Scene scene;
  const Weights together = TypeParam::increment({}, scene.batch(), scene.w);
  const Weights apart =
      TypeParam::increment({}, scene.image(0), scene.w) + TypeParam::increment({}, scene.image(1), scene.w);
  EXPECT_LT((together - apart).cwiseAbs().maxCoeff(), 1e-15);
  EXPECT_GT(together.cwiseAbs().maxCoeff(), 1e-4);
}

TYPED_TEST(EveryRateRule, GrowsWithTheLearningRate) {
  Scene twice;
  twice.rates *= 2.0;
  twice.step *= 2.0;
  const Scene once;
  EXPECT_LT((TypeParam::increment({}, twice.batch(), twice.w) -
             2.0 * TypeParam::increment({}, once.batch(), once.w))
                .cwiseAbs()
                .maxCoeff(),
            1e-15);
}

TYPED_TEST(EveryRateRule, LetsNoNumbersThatAreNoneDisappear) {
  Scene scene;
  scene.x(0, 0) = std::nan("");
  scene.y = scene.w * scene.x;
  Weights w = scene.w;
  learn_by<TypeParam, double>({}, scene.batch(), w);
  EXPECT_FALSE(w.allFinite());
}

TYPED_TEST(EveryRateRule, IsTheSameInSinglePrecision) {
  const Scene scene;
  const RateMatrix<float> x = scene.x.cast<float>(), y = scene.y.cast<float>(),
                          step = scene.step.cast<float>();
  const RateVector<float> rates = scene.rates.cast<float>();
  const WeightMatrix<float> w = scene.w.cast<float>();
  const WeightMatrix<float> single = TypeParam::increment({}, RateBatch<float>{x, y, y, step, rates}, w);
  EXPECT_LT((single.cast<double>() - TypeParam::increment({}, scene.batch(), scene.w)).cwiseAbs().maxCoeff(),
            1e-7);
}

template <class Rule>
class TaughtRule : public testing::Test {};
using TaughtRules = testing::Types<Backprop, FeedbackAlignment>;
TYPED_TEST_SUITE(TaughtRule, TaughtRules);

TYPED_TEST(TaughtRule, MovesByStepTimesInput) {
  const Scene scene;
  static_assert(TypeParam::taught);
  const Weights increment = TypeParam::increment({}, scene.batch(), scene.w);
  for (Eigen::Index i = 0; i < 2; ++i) {
    for (Eigen::Index k = 0; k < 3; ++k) {
      EXPECT_DOUBLE_EQ(increment(i, k), scene.step(i, 0) * scene.x(k, 0) + scene.step(i, 1) * scene.x(k, 1));
    }
  }
}

TEST(HebbsRule, MovesByAnswerTimesInput) {
  const Scene scene;
  const Weights increment = Hebb::increment({}, scene.image(0), scene.w);
  for (Eigen::Index i = 0; i < 2; ++i) {
    for (Eigen::Index k = 0; k < 3; ++k)
      EXPECT_DOUBLE_EQ(increment(i, k), 0.01 * scene.y(i, 0) * scene.x(k, 0));
  }
}

TEST(NormalisedHebb, IsHebbsRuleThatKeepsTheNorm) {
  const Scene scene;
  Weights w = scene.w;
  learn_by<NormalisedHebb, double>({}, scene.image(0), w);
  for (Eigen::Index i = 0; i < 2; ++i) {
    const RateVector<double> moved = scene.w.row(i).transpose() + 0.01 * scene.y(i, 0) * scene.x.col(0);
    EXPECT_LT((w.row(i).transpose() - moved / moved.norm()).cwiseAbs().maxCoeff(), 1e-15);
  }
}

TEST(Instar, MovesByAnswerTimesWhatTheInputDiffersFromTheWeights) {
  const Scene scene;
  const Weights increment = Instar::increment({}, scene.image(0), scene.w);
  for (Eigen::Index i = 0; i < 2; ++i) {
    for (Eigen::Index k = 0; k < 3; ++k)
      EXPECT_DOUBLE_EQ(increment(i, k), 0.01 * scene.y(i, 0) * (scene.x(k, 0) - scene.w(i, k)));
  }
}

TEST(OjasSubspaceRule, LeavesOutWhatAllNeuronsExplain) {
  const Scene scene;
  const Weights increment = OjaSubspace::increment({}, scene.image(0), scene.w);
  for (Eigen::Index i = 0; i < 2; ++i) {
    for (Eigen::Index k = 0; k < 3; ++k) {
      const double explained = scene.y(0, 0) * scene.w(0, k) + scene.y(1, 0) * scene.w(1, k);
      EXPECT_NEAR(increment(i, k), 0.01 * scene.y(i, 0) * (scene.x(k, 0) - explained), 1e-15);
    }
  }
}

TEST(SangersRule, LeavesOutWhatTheNeuronAndThoseBeforeItExplain) {
  const Scene scene;
  const Weights increment = Sanger::increment({}, scene.image(0), scene.w);
  for (Eigen::Index k = 0; k < 3; ++k) {
    const double first = scene.y(0, 0) * scene.w(0, k);
    const double second = first + scene.y(1, 0) * scene.w(1, k);
    EXPECT_NEAR(increment(0, k), 0.01 * scene.y(0, 0) * (scene.x(k, 0) - first), 1e-15);
    EXPECT_NEAR(increment(1, k), 0.01 * scene.y(1, 0) * (scene.x(k, 0) - second), 1e-15);
  }
}

TEST(NonlinearHebb, LearnsFromWhatEarlierNeuronsLeaveAndKeepsTheNorm) {
  const Scene scene;
  Weights w = scene.w;
  learn_by<NonlinearHebb, double>({}, scene.image(0), w);
  for (Eigen::Index i = 0; i < 2; ++i) {
    std::vector<double> expected;
    double squares = 0.0;
    for (Eigen::Index k = 0; k < 3; ++k) {
      const double left = scene.x(k, 0) - (i == 1 ? scene.y(0, 0) * scene.w(0, k) : 0.0);
      const double y = scene.y(i, 0);
      expected.push_back(scene.w(i, k) + 0.01 * (y - std::tanh(y)) * left);
      squares += expected.back() * expected.back();
    }
    for (Eigen::Index k = 0; k < 3; ++k)
      EXPECT_NEAR(w(i, k), expected[static_cast<std::size_t>(k)] / std::sqrt(squares), 1e-15);
  }
}

TEST(NormaliseRow, LeavesAZeroVectorAlone) {
  Weights zero = Weights::Zero(1, 3);
  normalise_row(zero, 0);
  EXPECT_EQ(zero, Weights(Weights::Zero(1, 3)));
}

TEST(SangersRule, FindsTheFirstPrincipalComponent) {
  // Two inputs, of which x0 + x1 varies nine times as much as x0 - x1. After 4000 updates the angle is within
  // 0.05: eta / 2 times the ratio of the variances bounds its variance.
  Rng rng(5, Purpose::tests, 0);
  Weights w{{0.6, -0.5}};
  for (int t = 0; t < 4000; ++t) {
    const double along = 3.0 * rng.normal(), across = rng.normal();
    const std::vector<double> x = {(along + across) / std::sqrt(2.0), (along - across) / std::sqrt(2.0)};
    std::vector<double> y(1);
    linear_responses<double>(w, x, y);
    learn_from<Sanger, double>(x, y, 0.002, w);
  }
  EXPECT_NEAR(std::abs(w(0, 0)), std::sqrt(0.5), 0.05);
  EXPECT_NEAR(w(0, 0), w(0, 1), 0.1);
}

}  // namespace
}  // namespace shallows
