#include "plasticity/rates/feature_rules.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace shallows {
namespace {

const std::vector<double> kInput = {0.5, -1.0, 2.0};
const std::vector<double> kWeights = {0.3, 0.1, -0.2, 0.4, 0.0, 0.6};

struct Step {
  std::vector<double> weights = kWeights;
  std::vector<double> y = std::vector<double>(2);
  std::vector<double> residual = std::vector<double>(3);

  Step() { linear_responses(weights, kInput, y); }
};

TEST(FeatureRules, RespondLinearly) {
  const Step step;
  EXPECT_DOUBLE_EQ(step.y[0], 0.15 - 0.1 - 0.4);
  EXPECT_DOUBLE_EQ(step.y[1], 0.2 + 1.2);
}

TEST(FeatureRules, FollowOjasSubspaceRule) {
  Step step;
  oja_subspace_update(0.01, kInput, step.y, step.weights, step.residual);
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      const double explained = step.y[0] * kWeights[k] + step.y[1] * kWeights[3 + k];
      EXPECT_NEAR(step.weights[3 * i + k], kWeights[3 * i + k] + 0.01 * step.y[i] * (kInput[k] - explained),
                  1e-15);
    }
  }
}

TEST(FeatureRules, FollowSangersRule) {
  Step step;
  sanger_update(0.01, kInput, step.y, step.weights, step.residual);
  for (std::size_t k = 0; k < 3; ++k) {
    const double first = step.y[0] * kWeights[k];
    const double second = first + step.y[1] * kWeights[3 + k];
    EXPECT_NEAR(step.weights[k], kWeights[k] + 0.01 * step.y[0] * (kInput[k] - first), 1e-15);
    EXPECT_NEAR(step.weights[3 + k], kWeights[3 + k] + 0.01 * step.y[1] * (kInput[k] - second), 1e-15);
  }
}

TEST(FeatureRules, FollowTheNonlinearHebbianRuleOnWhatEarlierNeuronsLeave) {
  Step step;
  nonlinear_hebb_update(0.01, kInput, step.y, step.weights, step.residual);
  for (std::size_t i = 0; i < 2; ++i) {
    std::vector<double> expected;
    double squares = 0.0;
    for (std::size_t k = 0; k < 3; ++k) {
      const double left = kInput[k] - (i == 1 ? step.y[0] * kWeights[k] : 0.0);
      expected.push_back(kWeights[3 * i + k] + 0.01 * (step.y[i] - std::tanh(step.y[i])) * left);
      squares += expected.back() * expected.back();
    }
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_NEAR(step.weights[3 * i + k], expected[k] / std::sqrt(squares), 1e-15);
    }
  }
}

TEST(FeatureRules, LeaveAZeroVectorAlone) {
  std::vector<double> zero(3, 0.0);
  normalize(zero);
  EXPECT_EQ(zero, std::vector<double>(3, 0.0));
}

}  // namespace
}  // namespace shallows
