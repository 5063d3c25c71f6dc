#include "plasticity/spikes/teacher_stdp.hpp"

#include <gtest/gtest.h>

namespace shallows {
namespace {

template <class Real>
Real after(const TeacherStdp<Real>& rule, Real weight, Real target, Real trace) {
  rule.on_pre(weight, target, trace);
  return weight;
}

TEST(TeacherStdp, MovesTheWeightByTheDifferenceOfTargetAndTrace) {
  const auto rule = TeacherStdp<double>::with(2e-4, 0.0);
  // Target 500 Hz, no recent spike; just after one spike (1 / 20 kHz); another class, firing at 300 Hz.
  EXPECT_DOUBLE_EQ(after(rule, 1.0, 0.5, 0.0), 1.0 + 1e-4);
  EXPECT_DOUBLE_EQ(after(rule, 1.0, 0.5, 0.05), 1.0 + 0.9e-4);
  EXPECT_DOUBLE_EQ(after(rule, -1.0, 0.0, 0.3), -1.0 - 0.6e-4);
}

TEST(TeacherStdp, LeavesTheWeightAloneAtTheTargetRate) {
  const auto rule = TeacherStdp<double>::with(2e-4, 0.0);
  EXPECT_EQ(after(rule, 0.7, 0.5, 0.5), 0.7);
  EXPECT_EQ(after(rule, 0.7, 0.0, 0.0), 0.7);
}

TEST(TeacherStdp, DecaysByTheLearningRateOverTheBoundOnceTheIncrementIsIn) {
  const auto rule = TeacherStdp<double>::with(0.01, 4.0);
  EXPECT_DOUBLE_EQ(after(rule, 8.0, 0.0, 0.0), 8.0 * (1.0 - 0.01 / 4.0));
  EXPECT_DOUBLE_EQ(after(rule, -8.0, 0.5, 0.1), (-8.0 + 0.01 * 0.4) * (1.0 - 0.01 / 4.0));
  EXPECT_DOUBLE_EQ(after(rule, 0.0, 0.5, 0.1), 0.01 * 0.4 * (1.0 - 0.01 / 4.0));
}

TEST(TeacherStdp, AddsTheIncrementAndNothingElseWithoutDecay) {
  const auto rule = TeacherStdp<float>::with(2e-4, 0.0);
  for (const float weight : {0.7F, -1e-6F, 3e5F}) {
    EXPECT_EQ(after(rule, weight, 0.5F, 0.05F), weight + rule.learning_rate * (0.5F - 0.05F));
  }
}

TEST(TeacherStdp, EndsAtTheBoundLessTheLearningRateTimesTheDifference) {
  const auto rule = TeacherStdp<double>::with(0.01, 4.0);
  for (double start : {-100.0, 0.0, 100.0}) {
    double weight = start;
    for (int i = 0; i < 20'000; ++i) rule.on_pre(weight, 0.5, 0.1);
    EXPECT_NEAR(weight, (4.0 - 0.01) * 0.4, 1e-9);
  }
}

TEST(TeacherStdp, KeepsItsDigitsInSinglePrecision) {
  const auto rule = TeacherStdp<float>::with(2e-4, 0.0);
  EXPECT_EQ(rule.keep, 1.0F);
  EXPECT_FLOAT_EQ(after(rule, 1.0F, 0.5F, 0.05F), 1.0F + 0.9e-4F);
}

}  // namespace
}  // namespace shallows
