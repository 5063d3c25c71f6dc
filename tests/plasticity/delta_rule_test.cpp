#include "plasticity/delta_rule.hpp"

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
  const DeltaRule<double> rule{.learning_rate = 5e-3};
  EXPECT_DOUBLE_EQ(rule.update(0.5, 0.01, -2.0), 0.48);
  EXPECT_EQ(rule.update(0.5, 0.01, 0.0), 0.5);
}

}  // namespace
}  // namespace shallows
