#include "plasticity/rates/delta_rule.hpp"

#include <gtest/gtest.h>

namespace shallows {
namespace {

TEST(DeltaRule, StepsByTheErrorOfAnActiveUnit) {
  const DeltaRule<double> rule{.learning_rate = 5e-3};
  EXPECT_DOUBLE_EQ(rule.step(0.25, 1.0), 5e-3 * 0.75);
  EXPECT_DOUBLE_EQ(rule.step(0.25, 0.0), -5e-3 * 0.25);
  EXPECT_EQ(rule.step(1.0, 1.0), 0.0);
}

TEST(DeltaRule, LearnsNothingFromAUnitThatIsNotActive) {
  const DeltaRule<double> rule{.learning_rate = 5e-3};
  EXPECT_EQ(rule.step(-0.25, 1.0), 0.0);
  EXPECT_EQ(rule.step(0.0, 1.0), 0.0);
  EXPECT_EQ(rule.step(-0.25, 0.0), 0.0);
}

TEST(DeltaRule, MovesAWeightByStepTimesInput) {
  double weight = 0.5;
  DeltaRule<double>::update(weight, 0.01, -2.0);
  EXPECT_DOUBLE_EQ(weight, 0.48);
  DeltaRule<double>::update(weight, 0.01, 0.0);
  EXPECT_DOUBLE_EQ(weight, 0.48);
}

}  // namespace
}  // namespace shallows
