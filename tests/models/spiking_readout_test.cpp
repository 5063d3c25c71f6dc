#include "models/spiking/spiking_readout.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include "tests/sim/layer/layer_cases.hpp"
#include "tests/sim/train_matching.hpp"

namespace shallows {
namespace {

/// What all three readouts must do, each to its precision.
template <class Readout>
class AnyReadout : public ::testing::Test {
 protected:
  static constexpr double kTolerance = std::is_same_v<Readout, SpikingReadout<float>> ? 1e-6 : 1e-13;

  void expect_weights(const Readout& readout, const std::vector<double>& expected) {
    ASSERT_EQ(readout.weights().size(), expected.size());
    for (std::size_t w = 0; w < expected.size(); ++w) {
      EXPECT_NEAR(static_cast<double>(readout.weights()[w]), expected[w], kTolerance) << "weight " << w;
    }
  }
};
using Readouts = ::testing::Types<SpikingReadout<float>, SpikingReadout<double>, ReferenceReadout>;
TYPED_TEST_SUITE(AnyReadout, Readouts);

// Bias 20 mV, so a neuron at 20 mV rests; trace tau 20 ms, target 0.5 kHz.

TYPED_TEST(AnyReadout, LearnsTheIncrementsOfTheRule) {
  TypeParam readout({}, {.inputs = 2, .thresholds_mV = {20.5, 20.5}}, std::vector{1.0, 0.1, 0.01, 0.02});
  auto state = readout.initial_state(std::vector{20.0, 20.0});
  SpikeTrain spikes;
  // Neuron 0, the target, spikes at the arrival from input 0 at 1 ms; neuron 1 never does.
  readout.learn(train({{1.0, 0}, {3.0, 1}, {10.0, 1}}), 20.0, {.from = 0.0, .label = 0, .learning_rate = 0.1},
                state, spikes);
  EXPECT_EQ(spikes, train({{1.0, 0}}));
  const auto trace = [](double since) { return std::exp(-since / 20.0) / 20.0; };
  this->expect_weights(
      readout, {1.0 + 0.1 * 0.5, 0.1 + 0.1 * (0.5 - trace(2.0)) + 0.1 * (0.5 - trace(9.0)), 0.01, 0.02});
}

TYPED_TEST(AnyReadout, UnlearnsWhatOtherClassesDo) {
  TypeParam readout({}, {.inputs = 1, .thresholds_mV = {20.5, 20.5}}, std::vector{1.0, 0.0});
  auto state = readout.initial_state(std::vector{20.0, 20.0});
  SpikeTrain spikes;
  readout.learn(train({{1.0, 0}, {4.0, 0}}), 20.0, {.from = 0.0, .label = 1, .learning_rate = 0.1}, state,
                spikes);
  EXPECT_EQ(spikes, train({{1.0, 0}}));
  this->expect_weights(readout, {1.0 - 0.1 * std::exp(-3.0 / 20.0) / 20.0, 2 * 0.1 * 0.5});
}

TYPED_TEST(AnyReadout, DeliversAndLearnsOneByOneWithinAnInstant) {
  // Both arrivals of 5 ms learn from the trace before the spike that they cause together, and the second
  // jump from the same input is that of the weight which the first one left.
  TypeParam readout({}, {.inputs = 1, .thresholds_mV = {20.5}}, std::vector{0.24});
  auto state = readout.initial_state(std::vector{20.0});
  SpikeTrain spikes;
  readout.learn(train({{5.0, 0}, {5.0, 0}}), 20.0, {.from = 0.0, .label = 0, .learning_rate = 0.1}, state,
                spikes);
  EXPECT_EQ(spikes, train({{5.0, 0}})) << "0.24 + 0.29 mV reach 20.5 mV, 0.24 + 0.24 mV do not";
  this->expect_weights(readout, {0.24 + 2 * 0.1 * 0.5});
}

TYPED_TEST(AnyReadout, TestsTheThresholdOnceAfterAllArrivalsOfAnInstant) {
  TypeParam readout({}, {.inputs = 2, .thresholds_mV = {20.5, 20.5}}, std::vector{3.0, -2.9, -2.0, 3.0});
  auto state = readout.initial_state(std::vector{20.0, 20.0});
  SpikeTrain spikes;
  readout.respond(train({{5.0, 0}, {5.0, 1}}), 10.0, state, spikes);
  EXPECT_EQ(spikes, train({{5.0, 1}}));
}

TYPED_TEST(AnyReadout, LearnsFromArrivalsAtOrAfterTheGivenTimeOnly) {
  // Nobody ever spikes: each arrival that counts adds learning rate * target.
  TypeParam readout({}, {.inputs = 3, .thresholds_mV = {1000.0, 1000.0}}, std::vector<double>(6, 0.0));
  auto state = readout.initial_state(std::vector{20.0, 20.0});
  SpikeTrain spikes;
  const SpikeTrain arrivals = train(
      {{0.0, 0}, {50.0, 1}, {std::nextafter(100.0, 0.0), 0}, {100.0, 0}, {100.0, 2}, {120.0, 2}, {149.0, 0}});
  readout.learn(arrivals, 150.0, {.from = 100.0, .label = 1, .learning_rate = 0.2}, state, spikes);
  this->expect_weights(readout, {0.0, 0.0, 0.0, 0.2, 0.0, 0.2});
}

TYPED_TEST(AnyReadout, LearnsNothingWhenLearningStartsAfterTheLastArrival) {
  TypeParam readout({}, {.inputs = 1, .thresholds_mV = {20.5}}, std::vector{1.0});
  auto state = readout.initial_state(std::vector{20.0});
  SpikeTrain spikes;
  readout.learn(train({{5.0, 0}}), 150.0, {.from = 100.0, .label = 0, .learning_rate = 0.2}, state, spikes);
  EXPECT_EQ(spikes.size(), 1U);
  this->expect_weights(readout, {1.0});
}

TYPED_TEST(AnyReadout, CarriesVoltageAndTraceOverPresentations) {
  TypeParam readout({}, {.inputs = 2, .thresholds_mV = {20.5}}, std::vector{0.9, 0.3});
  auto state = readout.initial_state(std::vector{20.0});
  SpikeTrain spikes;
  // Spike at 8; then from reset: u = -20 e^{-t/25}; 12 ms later still far below.
  readout.respond(train({{8.0, 0}}), 10.0, state, spikes);
  EXPECT_EQ(spikes, train({{8.0, 0}}));
  readout.learn(train({{10.0, 1}}), 30.0, {.from = 0.0, .label = 0, .learning_rate = 0.1}, state, spikes);
  EXPECT_TRUE(spikes.empty());
  this->expect_weights(readout, {0.9, 0.3 + 0.1 * (0.5 - std::exp(-12.0 / 20.0) / 20.0)});
  // The voltage at the third presentation's start: -20 e^{-32/25} + 0.3 e^{-20/25}, then up to threshold.
  const double u = -20.0 * std::exp(-32.0 / 25.0) + 0.3 * std::exp(-20.0 / 25.0);
  for (const double excess : {-1e-4, 1e-4}) {
    auto copy = state;
    TypeParam other({}, {.inputs = 1, .thresholds_mV = {20.5}}, std::vector{0.5 - u + excess});
    other.respond(train({{0.0, 0}}), 1.0, copy, spikes);
    EXPECT_EQ(spikes.size(), excess > 0.0 ? 1U : 0U);
  }
}

TYPED_TEST(AnyReadout, KeepsItsStateOverHundredsOfTau) {
  // One spike, then silence long enough for several renormalisations, then another spike and a trace of it.
  TypeParam readout({}, {.inputs = 1, .thresholds_mV = {20.5}}, std::vector{1.0});
  auto state = readout.initial_state(std::vector{20.0});
  SpikeTrain spikes;
  std::vector<Spike> arrivals;
  for (int k = 0; k < 10; ++k) arrivals.push_back({700.0 * k, 0});
  arrivals.push_back({6305.0, 0});
  readout.learn(train(arrivals), 7000.0, {.from = 6301.0, .label = 0, .learning_rate = 0.1}, state, spikes);
  EXPECT_EQ(spikes.size(), 10U);
  this->expect_weights(readout, {1.0 + 0.1 * (0.5 - std::exp(-5.0 / 20.0) / 20.0)});
}

TYPED_TEST(AnyReadout, CountsEveryArrivalOfATrainThatHasTheRefractoryTimeAsPeriod) {
  // Sums and products of such periods round to either side of the end of the refractory time.
  for (const TimeMs refractory : {0.1, 0.3, 0.7, 1.1, 3.0}) {
    for (const double tau : {0.5, 25.0, 1e6}) {
      SpikingParams params;
      params.neuron.tau_ms = tau;
      params.neuron.refractory_ms = refractory;
      TypeParam readout(params, {.inputs = 1, .thresholds_mV = {20.5}}, std::vector{100.0});
      auto state = readout.initial_state(std::vector{20.0});
      SpikeTrain spikes;
      constexpr TimeMs kDuration = 21.3;
      std::size_t k = 0;
      for (int presentation = 0; presentation < 3; ++presentation) {
        std::vector<Spike> arrivals, lost;
        for (;; ++k) {
          const TimeMs time = 0.1 + static_cast<double>(k) * refractory - presentation * kDuration;
          if (time >= kDuration) break;
          if (time < 0.0) continue;
          arrivals.push_back({time, 0});
          if (time >= 1e-8) lost.push_back({time - 1e-8, 0});
        }
        // What comes 1e-8 ms early is lost. Before the very first spike there is nothing that it could lose
        // to.
        if (presentation == 0) lost.erase(lost.begin());
        lost.insert(lost.end(), arrivals.begin(), arrivals.end());
        readout.respond(train(lost), kDuration, state, spikes);
        EXPECT_EQ(spikes, train(arrivals)) << "refractory " << refractory << ", tau " << tau;
      }
    }
  }
}

TYPED_TEST(AnyReadout, StaysWithinTheBoundOfItsWeightDecay) {
  SpikingParams params;
  std::get<TeacherStdpParams>(params.readout.rule).weight_bound_mV = 4.0;
  TypeParam readout(params, {.inputs = 1, .thresholds_mV = {1e5, 1e5}}, std::vector{50.0, -50.0});
  auto state = readout.initial_state(std::vector{20.0, 20.0});
  std::vector<Spike> arrivals;
  for (int k = 0; k < 2000; ++k) arrivals.push_back({0.07 * k, 0});
  SpikeTrain spikes;
  readout.learn(train(arrivals), 150.0, {.from = 0.0, .label = 0, .learning_rate = 0.1}, state, spikes);
  // Nobody spikes, so the fixed points are (bound - learning rate) * target and 0; (1 - 0.1 / 4)^2000 =
  // 1e-22.
  EXPECT_NEAR(static_cast<double>(readout.weights()[0]), (4.0 - 0.1) * 0.5, 1e-5);
  EXPECT_NEAR(static_cast<double>(readout.weights()[1]), 0.0, 1e-5);
}

TYPED_TEST(AnyReadout, TellsClassesBeyondOneGroupOfLanesApart) {
  constexpr std::size_t classes = 37;
  std::vector<double> weights(classes * 2, 0.0);
  weights[33 * 2] = 1.0;
  weights[16 * 2 + 1] = 1.0;
  weights[2 * 2 + 1] = 1.0;
  TypeParam readout({}, {.inputs = 2, .thresholds_mV = std::vector<double>(classes, 20.5)}, weights);
  auto state = readout.initial_state(std::vector<double>(classes, 20.0));
  SpikeTrain spikes;
  readout.learn(train({{1.0, 0}, {2.0, 1}}), 10.0, {.from = 0.0, .label = 36, .learning_rate = 0.2}, state,
                spikes);
  EXPECT_EQ(spikes, train({{1.0, 33}, {2.0, 2}, {2.0, 16}}));
  weights[36 * 2] = weights[36 * 2 + 1] = 0.1;
  weights[33 * 2 + 1] = -0.2 * std::exp(-1.0 / 20.0) / 20.0;
  this->expect_weights(readout, weights);
}

TYPED_TEST(AnyReadout, ContinuesFromASavedState) {
  Rng rng(91, Purpose::tests, 0);
  std::vector<double> weights(20 * 30);
  for (double& weight : weights) weight = 3.0 * rng.normal();
  const ReadoutShape shape{.inputs = 30, .thresholds_mV = std::vector<double>(20, 20.5)};
  TypeParam readout({}, shape, weights);
  auto state = readout.initial_state(std::vector<double>(20, 10.0));
  SpikeTrain spikes;
  const Lesson lesson{.from = 20.0, .label = 17, .learning_rate = 0.01};
  readout.learn(random_arrivals(300, 30, 100.0, 0.0, rng), 100.0, lesson, state, spikes);
  ASSERT_GT(spikes.size(), 10U);
  std::vector<NamedArray> arrays;
  readout.save(state, arrays);
  TypeParam other({}, shape, std::vector<double>(weights.size(), 0.0));
  other.set_weights(readout.weights());
  auto loaded = other.initial_state(std::vector<double>(20, 0.0));
  other.load(arrays, loaded);
  const SpikeTrain next = random_arrivals(300, 30, 100.0, 0.0, rng);
  SpikeTrain from_loaded;
  readout.learn(next, 100.0, lesson, state, spikes);
  other.learn(next, 100.0, lesson, loaded, from_loaded);
  EXPECT_EQ(from_loaded, spikes);
  EXPECT_EQ(other.weights(), readout.weights());
}

}  // namespace
}  // namespace shallows
