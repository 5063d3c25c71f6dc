#include "sim/neurons/lif.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "sim/core/rng.hpp"

namespace shallows {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::vector<TimeMs> train(const LifParams& params, double drive_mV, double threshold_mV, TimeMs duration,
                          LifState& state) {
  std::vector<TimeMs> times;
  lif::periodic_train(params, drive_mV, threshold_mV, duration, state, times);
  return times;
}

TEST(Lif, DecaysExactlyBetweenEvents) {
  EXPECT_DOUBLE_EQ(lif::decay(10.0, 0.0, 25.0, 25.0), 10.0 / std::exp(1.0));
  EXPECT_DOUBLE_EQ(lif::decay(0.0, 20.0, 25.0 * std::log(2.0), 25.0), 10.0);
  EXPECT_DOUBLE_EQ(lif::decay(7.0, 20.0, 0.0, 25.0), 7.0);
  EXPECT_DOUBLE_EQ(lif::decay(20.0, 20.0, 3.0, 25.0), 20.0);
  EXPECT_DOUBLE_EQ(lif::decay(7.0, 20.0, 1e9, 25.0), 20.0);
}

TEST(Lif, DecaysTheSameInOneStepAndInTwo) {
  Rng rng(1, Purpose::tests, 0);
  for (int trial = 0; trial < 100; ++trial) {
    const double v = rng.uniform(-20.0, 20.0);
    const double drive = rng.uniform(-100.0, 100.0);
    const double first = rng.uniform(0.0, 50.0);
    const double second = rng.uniform(0.0, 50.0);
    const double in_two = lif::decay(lif::decay(v, drive, first, 25.0), drive, second, 25.0);
    EXPECT_NEAR(in_two, lif::decay(v, drive, first + second, 25.0), 1e-12);
  }
}

TEST(Lif, IsAtTheThresholdAtTheTimeToThreshold) {
  Rng rng(1, Purpose::tests, 1);
  for (int trial = 0; trial < 1000; ++trial) {
    const double v = rng.uniform(-50.0, 20.0);
    const double drive = rng.uniform(20.6, 600.0);
    const TimeMs time = lif::time_to_threshold(v, drive, 20.5, 25.0);
    EXPECT_NEAR(lif::decay(v, drive, time, 25.0), 20.5, 1e-11);
  }
}

TEST(Lif, KeepsItsDigitsCloseToTheThreshold) {
  // To first order tau * gap / (I - theta); the next order is 1e-12 of it. 1 - 2^-40 and 40 gaps are exact.
  const double gap = 0x1.0p-40;
  EXPECT_NEAR(lif::time_to_threshold(1.0 - gap, 2.0, 1.0, 25.0) / (25.0 * gap), 1.0, 1e-11);
}

TEST(Lif, NeedsNoTimeWhenItIsAtOrAboveTheThreshold) {
  EXPECT_EQ(lif::time_to_threshold(20.5, 30.0, 20.5, 25.0), 0.0);
  EXPECT_EQ(lif::time_to_threshold(25.0, 0.0, 20.5, 25.0), 0.0);
}

TEST(Lif, NeverReachesAThresholdThatTheDriveOnlyEquals) {
  EXPECT_EQ(lif::time_to_threshold(0.0, 20.5, 20.5, 25.0), infinity);
  EXPECT_EQ(lif::time_to_threshold(0.0, 20.0, 20.5, 25.0), infinity);
  EXPECT_EQ(lif::period({}, 20.5, 20.5), infinity);
  LifState state{.v_mV = 0.0};
  EXPECT_TRUE(train({}, 20.5, 20.5, 1e6, state).empty());
  EXPECT_NEAR(state.v_mV, 20.5, 1e-12);
}

TEST(Lif, SpikesLateForADriveJustAboveTheThreshold) {
  const double drive = std::nextafter(20.5, 21.0);
  const double expected = 25.0 * std::log(drive / (drive - 20.5));
  EXPECT_GT(expected, 900.0);
  LifState state{.v_mV = 0.0};
  const std::vector<TimeMs> times = train({}, drive, 20.5, 1.5 * expected, state);
  ASSERT_EQ(times.size(), 1U);
  EXPECT_NEAR(times[0], expected, 1e-9);
}

TEST(Lif, HasTheClosedFormTimesForTheBenchmarkNeuronOfThePaper) {
  // Rest -65 mV, threshold -50 mV, R I = 10 MOhm * 5 nA, tau 10 ms: 280.4 Hz.
  const LifParams params{.tau_ms = 10.0, .reset_mV = -65.0};
  const double drive_mV = -65.0 + 10.0 * 5.0;
  EXPECT_NEAR(1000.0 / lif::period(params, drive_mV, -50.0), 280.4, 0.05);
  LifState state{.v_mV = -65.0};
  const std::vector<TimeMs> times = train(params, drive_mV, -50.0, 1000.0, state);
  ASSERT_EQ(times.size(), 280U);
  for (std::size_t k = 0; k < times.size(); ++k) {
    const auto expected =
        static_cast<double>(static_cast<long double>(k + 1) * 10.0L * std::log(10.0L / 7.0L));
    EXPECT_NEAR(times[k], expected, 1e-9) << "spike " << k;
  }
}

TEST(Lif, HasTheInputRatesOfThePaper) {
  // I = 500 x + 20 against theta = 20.5 (docs/reference.md).
  EXPECT_NEAR(1000.0 / lif::period({}, 520.0, 20.5), 995.0, 0.5);
  EXPECT_NEAR(1000.0 / lif::period({}, 270.0, 20.5), 507.0, 0.5);
  EXPECT_NEAR(1000.0 / lif::period({}, 70.0, 20.5), 115.0, 0.5);
}

TEST(Lif, GivesTheSameSpikesHoweverTheIntervalIsSplit) {
  Rng rng(1, Purpose::tests, 2);
  for (int trial = 0; trial < 200; ++trial) {
    const LifParams params{.tau_ms = rng.uniform(5.0, 50.0), .refractory_ms = trial % 2 == 0 ? 0.0 : 3.0};
    const double drive = rng.uniform(15.0, 200.0);
    const double v = rng.uniform(-10.0, 20.0);
    LifState whole{.v_mV = v};
    const std::vector<TimeMs> expected = train(params, drive, 20.5, 400.0, whole);

    std::vector<TimeMs> cuts = {0.0, 400.0};
    for (int i = 0; i < 20; ++i) cuts.push_back(rng.uniform(0.0, 400.0));
    std::sort(cuts.begin(), cuts.end());
    LifState state{.v_mV = v};
    std::vector<TimeMs> times;
    for (std::size_t i = 1; i < cuts.size(); ++i) {
      for (const TimeMs time : train(params, drive, 20.5, cuts[i] - cuts[i - 1], state)) {
        EXPECT_LT(time, cuts[i] - cuts[i - 1]);
        times.push_back(cuts[i - 1] + time);
      }
    }
    ASSERT_EQ(times.size(), expected.size()) << "trial " << trial;
    for (std::size_t i = 0; i < times.size(); ++i) EXPECT_NEAR(times[i], expected[i], 1e-9);
    EXPECT_NEAR(state.refractory_left_ms, whole.refractory_left_ms, 1e-9);
    if (whole.refractory_left_ms == 0.0) {
      EXPECT_NEAR(state.v_mV, whole.v_mV, 1e-9);
    }
  }
}

TEST(Lif, CarriesItsRefractorinessOverTheEndOfTheInterval) {
  const LifParams params{.refractory_ms = 10.0};
  const TimeMs first = lif::time_to_threshold(0.0, 100.0, 20.5, params.tau_ms);
  LifState state{.v_mV = 0.0};
  EXPECT_EQ(train(params, 100.0, 20.5, first + 4.0, state).size(), 1U);
  EXPECT_NEAR(state.refractory_left_ms, 6.0, 1e-12);
  EXPECT_TRUE(train(params, 100.0, 20.5, 2.0, state).empty());
  EXPECT_NEAR(state.refractory_left_ms, 4.0, 1e-12);
  const std::vector<TimeMs> times = train(params, 100.0, 20.5, 4.0 + first + 1.0, state);
  ASSERT_EQ(times.size(), 1U);
  EXPECT_NEAR(times[0], 4.0 + first, 1e-12);
}

TEST(Lif, LeavesASpikeOnTheEndOfTheIntervalToWhatFollows) {
  const TimeMs first = lif::time_to_threshold(0.0, 100.0, 20.5, 25.0);
  LifState state{.v_mV = 0.0};
  EXPECT_TRUE(train({}, 100.0, 20.5, first, state).empty());
  EXPECT_NEAR(state.v_mV, 20.5, 1e-12);
  const std::vector<TimeMs> times = train({}, 100.0, 20.5, 1.0, state);
  ASSERT_EQ(times.size(), 1U);
  EXPECT_NEAR(times[0], 0.0, 1e-12);
}

TEST(Lif, FiresAtZeroWhenItStartsAtTheThreshold) {
  LifState driven{.v_mV = 20.5};
  const std::vector<TimeMs> times = train({}, 100.0, 20.5, 10.0, driven);
  ASSERT_EQ(times.size(), 2U);
  EXPECT_EQ(times[0], 0.0);
  EXPECT_EQ(times[1], lif::period({}, 100.0, 20.5));
}

TEST(Lif, FiresOnceWhenItStartsAtTheThresholdWithoutADriveToReturnThere) {
  for (const double drive : {0.0, 20.5}) {
    LifState state{.v_mV = 20.5};
    EXPECT_EQ(train({}, drive, 20.5, 10.0, state), std::vector<TimeMs>({0.0}));
    EXPECT_NEAR(state.v_mV, lif::decay(0.0, drive, 10.0, 25.0), 1e-12);
  }
}

TEST(Lif, AppendsToTheGivenTimes) {
  LifState state{.v_mV = 20.5};
  std::vector<TimeMs> times = {-1.0};
  lif::periodic_train({}, 20.0, 20.5, 10.0, state, times);
  EXPECT_EQ(times, std::vector<TimeMs>({-1.0, 0.0}));
}

}  // namespace
}  // namespace shallows
