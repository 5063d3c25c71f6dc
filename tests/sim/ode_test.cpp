#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include "sim/core/error.hpp"
#include "sim/core/rng.hpp"
#include "sim/neurons/lif.hpp"
#include "sim/ode/crossing.hpp"
#include "sim/ode/lif.hpp"
#include "sim/ode/simulate.hpp"

namespace shallows {
namespace {

using ode::Arrival;
using ode::LifNeuron;

constexpr double threshold_mV = 20.5;

void expect_same_times(const std::vector<TimeMs>& actual, const std::vector<TimeMs>& expected,
                       double tolerance_ms) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], tolerance_ms) << "spike " << i;
  }
}

std::vector<TimeMs> closed_form(const LifParams& params, double drive_mV, double threshold, double v_mV,
                                TimeMs duration) {
  std::vector<TimeMs> times;
  LifState state{.v_mV = v_mV};
  lif::periodic_train(params, drive_mV, threshold, duration, state, times);
  return times;
}

/// Event by event with lif::decay and lif::time_to_threshold only.
ode::Result<LifNeuron> closed_form_stepping(const LifNeuron& neuron, double v_mV, double drive_mV,
                                            const std::vector<Arrival>& arrivals, TimeMs duration) {
  const LifParams& p = neuron.params;
  std::vector<TimeMs> spikes;
  double v = v_mV;
  TimeMs now = 0.0;
  TimeMs free_at = 0.0;
  const auto drift_to = [&](TimeMs end) {
    for (;;) {
      const TimeMs start = std::max(now, free_at);
      if (start >= end) break;
      const TimeMs spike = start + lif::time_to_threshold(v, drive_mV, neuron.threshold_mV, p.tau_ms);
      if (spike >= end) {
        v = lif::decay(v, drive_mV, end - start, p.tau_ms);
        break;
      }
      spikes.push_back(spike);
      v = p.reset_mV;
      now = spike;
      free_at = spike + p.refractory_ms;
    }
    now = end;
  };
  for (const Arrival& arrival : arrivals) {
    drift_to(arrival.time);
    if (now < free_at) continue;
    v += arrival.jump;
    if (v >= neuron.threshold_mV) {
      spikes.push_back(now);
      v = p.reset_mV;
      free_at = now + p.refractory_ms;
    }
  }
  drift_to(duration);
  return {spikes, {{v}, std::max(0.0, free_at - duration)}};
}

std::vector<Arrival> random_arrivals(Rng& rng, std::size_t count, TimeMs duration) {
  std::vector<TimeMs> times(count);
  for (TimeMs& time : times) time = rng.uniform(0.0, duration);
  std::sort(times.begin(), times.end());
  std::vector<Arrival> arrivals;
  for (const TimeMs time : times) arrivals.push_back({time, 2.0 * rng.normal()});
  return arrivals;
}

TEST(OdeLif, AgreesWithTheClosedFormOverOneSecond) {
  for (const double drive_mV : {20.6, 21.0, 30.0, 77.7, 520.0}) {
    SCOPED_TRACE(drive_mV);
    const LifNeuron neuron{.params = {}, .threshold_mV = threshold_mV};
    const auto result = ode::simulate(neuron, {{3.7}}, drive_mV, {}, 1000.0, {});
    EXPECT_GT(result.spikes.size(), 5U);
    expect_same_times(result.spikes, closed_form(neuron.params, drive_mV, threshold_mV, 3.7, 1000.0), 1e-8);
  }
}

TEST(OdeLif, AgreesWithTheClosedFormForTheBenchmarkNeuronOfThePaper) {
  // Rest -65 mV, R I = 10 MOhm * 5 nA.
  const LifNeuron neuron{.params = {.tau_ms = 10.0, .reset_mV = -65.0}, .threshold_mV = -50.0};
  const double drive_mV = -65.0 + 10.0 * 5.0;
  const auto result = ode::simulate(neuron, {{-65.0}}, drive_mV, {}, 1000.0, {});
  EXPECT_EQ(result.spikes.size(), 280U);
  std::vector<TimeMs> expected;
  for (int k = 1; k <= 280; ++k) expected.push_back(k * 10.0 * std::log(50.0 / 35.0));
  expect_same_times(result.spikes, expected, 1e-8);
}

TEST(OdeLif, StaysSilentBelowThresholdAndSettlesAtTheDrive) {
  const LifNeuron neuron{.params = {}, .threshold_mV = threshold_mV};
  const auto result = ode::simulate(neuron, {{0.0}}, 20.0, {}, 1000.0, {});
  EXPECT_TRUE(result.spikes.empty());
  EXPECT_NEAR(result.end.state[0], 20.0, 1e-9);
}

TEST(OdeLif, AgreesWithClosedFormSteppingUnderRandomArrivals) {
  for (const double refractory_ms : {0.0, 2.0}) {
    for (const double drive_mV : {20.0, 22.0}) {
      Rng rng(1, Purpose::tests, static_cast<std::uint64_t>(drive_mV + refractory_ms));
      const LifNeuron neuron{.params = {.refractory_ms = refractory_ms}, .threshold_mV = threshold_mV};
      const std::vector<Arrival> arrivals = random_arrivals(rng, 2000, 1000.0);
      const auto expected = closed_form_stepping(neuron, 5.0, drive_mV, arrivals, 1000.0);
      const auto result = ode::simulate(neuron, {{5.0}}, drive_mV, arrivals, 1000.0, {});
      SCOPED_TRACE(testing::Message() << "drive " << drive_mV << " refractory " << refractory_ms);
      EXPECT_GT(expected.spikes.size(), 10U);
      expect_same_times(result.spikes, expected.spikes, 1e-8);
      EXPECT_NEAR(result.end.state[0], expected.end.state[0], 1e-8);
      EXPECT_NEAR(result.end.refractory_left_ms, expected.end.refractory_left_ms, 1e-8);
    }
  }
}

TEST(OdeLif, GivesTheSameSpikesWhenTheIntervalIsSplit) {
  Rng rng(2, Purpose::tests, 0);
  const LifNeuron neuron{.params = {.refractory_ms = 3.0}, .threshold_mV = threshold_mV};
  const auto whole = ode::simulate(neuron, {{1.0}}, 40.0, {}, 300.0, {});
  ASSERT_GT(whole.spikes.size(), 10U);
  for (int trial = 0; trial < 20; ++trial) {
    const TimeMs cut = rng.uniform(0.0, 300.0);
    const auto head = ode::simulate(neuron, {{1.0}}, 40.0, {}, cut, {});
    const auto tail = ode::simulate(neuron, head.end, 40.0, {}, 300.0 - cut, {});
    std::vector<TimeMs> spikes = head.spikes;
    for (const TimeMs time : tail.spikes) spikes.push_back(cut + time);
    SCOPED_TRACE(cut);
    expect_same_times(spikes, whole.spikes, 1e-9);
  }
}

TEST(OdeLif, WaitsOutTheRefractoryPeriod) {
  const LifNeuron neuron{.params = {.refractory_ms = 7.0}, .threshold_mV = threshold_mV};
  const auto result = ode::simulate(neuron, {{0.0}}, 60.0, {}, 500.0, {});
  expect_same_times(result.spikes, closed_form(neuron.params, 60.0, threshold_mV, 0.0, 500.0), 1e-8);
}

TEST(OdeLif, LosesArrivalsDuringRefractorinessAndTakesThemAtItsEnd) {
  const LifNeuron neuron{.params = {.refractory_ms = 4.0}, .threshold_mV = threshold_mV};
  const std::vector<Arrival> lost = {{1.0, 50.0}, {3.0, 50.0}, {4.9, 50.0}};
  EXPECT_EQ(ode::simulate(neuron, {{0.0}}, 0.0, lost, 10.0, {}).spikes, std::vector<TimeMs>({1.0}));
  const std::vector<Arrival> taken = {{1.0, 50.0}, {5.0, 50.0}};
  EXPECT_EQ(ode::simulate(neuron, {{0.0}}, 0.0, taken, 10.0, {}).spikes, std::vector<TimeMs>({1.0, 5.0}));
  // Where rounding puts the end's arrival before the end, it counts; 1e-8 ms before, it does not.
  const TimeMs early = std::nextafter(5.0, 0.0);
  const std::vector<Arrival> rounded = {{1.0, 50.0}, {5.0 - 1e-8, 50.0}, {early, 50.0}};
  EXPECT_EQ(ode::simulate(neuron, {{0.0}}, 0.0, rounded, 10.0, {}).spikes, std::vector<TimeMs>({1.0, early}));
}

TEST(OdeLif, CountsAllArrivalsOfOneInstantBeforeTheThreshold) {
  const LifNeuron neuron{.params = {}, .threshold_mV = threshold_mV};
  const std::vector<Arrival> cancelling = {{5.0, 30.0}, {5.0, -30.0}};
  EXPECT_TRUE(ode::simulate(neuron, {{0.0}}, 0.0, cancelling, 10.0, {}).spikes.empty());
  const std::vector<Arrival> adding = {{5.0, 15.0}, {5.0, 15.0}};
  const auto result = ode::simulate(neuron, {{0.0}}, 0.0, adding, 10.0, {});
  EXPECT_EQ(result.spikes, std::vector<TimeMs>({5.0}));
  EXPECT_EQ(result.end.state[0], 0.0);
}

TEST(OdeLif, FiresAtZeroWhenItStartsAtTheThreshold) {
  const LifNeuron neuron{.params = {}, .threshold_mV = threshold_mV};
  EXPECT_EQ(ode::simulate(neuron, {{threshold_mV}}, 0.0, {}, 10.0, {}).spikes, std::vector<TimeMs>({0.0}));
}

TEST(OdeLif, FindsManySpikesWithinOneStep) {
  // A period of 0.05 ms with steps of up to 10 ms.
  const LifNeuron neuron{.params = {}, .threshold_mV = threshold_mV};
  const ode::Options options{.absolute_tolerance = 1e-12, .relative_tolerance = 1e-12, .max_step_ms = 10.0};
  const auto result = ode::simulate(neuron, {{0.0}}, 10000.0, {}, 20.0, options);
  EXPECT_GT(result.spikes.size(), 300U);
  expect_same_times(result.spikes, closed_form(neuron.params, 10000.0, threshold_mV, 0.0, 20.0), 1e-8);
}

/// Steady response, in mV, to the drive sin(omega t).
double sine_response(TimeMs t, double omega, double tau_ms) {
  const double x = omega * tau_ms;
  return (std::sin(omega * t) - x * std::cos(omega * t)) / (1.0 + x * x);
}

TEST(OdeLif, FollowsADriveThatChangesWithTime) {
  const LifNeuron neuron{.params = {.tau_ms = 10.0}, .threshold_mV = 3.0};
  const double omega = 2.0 * std::numbers::pi / 50.0;
  const auto drive = [&](TimeMs t) { return 6.0 * std::sin(omega * t); };
  const auto result = ode::simulate(neuron, {{0.0}}, drive, {}, 200.0, {});
  ASSERT_GE(result.spikes.size(), 4U);
  // From each reset on, v(t) is the steady response plus a decaying rest, and meets the threshold at the
  // spike.
  TimeMs start = 0.0;
  for (const TimeMs spike : result.spikes) {
    const double rest = -6.0 * sine_response(start, omega, 10.0);
    const double v = 6.0 * sine_response(spike, omega, 10.0) + rest * std::exp(-(spike - start) / 10.0);
    EXPECT_NEAR(v, 3.0, 1e-9) << "spike at " << spike;
    start = spike;
  }
}

TEST(OdeLif, FindsACrossingThatIsUndoneWithinTheStep) {
  const double omega = 2.0 * std::numbers::pi / 50.0;
  const auto drive = [&](TimeMs t) { return 10.0 * std::sin(omega * t); };
  const ode::Condition<LifNeuron> steady{{10.0 * sine_response(0.0, omega, 10.0)}};
  const double peak_mV = 10.0 / std::hypot(1.0, omega * 10.0);
  const TimeMs peak_at = std::atan(omega * 10.0) / omega + 50.0 / 4.0;
  // The voltage is above this threshold for 0.018 ms, the steps are longer than 0.3 ms.
  const LifNeuron grazing{.params = {.tau_ms = 10.0, .reset_mV = -100.0}, .threshold_mV = peak_mV - 4e-6};
  const ode::Options options{.absolute_tolerance = 1e-9, .relative_tolerance = 1e-9, .max_step_ms = 5.0};
  const auto result = ode::simulate(grazing, steady, drive, {}, 50.0, options);
  ASSERT_EQ(result.spikes.size(), 1U);
  EXPECT_NEAR(result.spikes[0], peak_at, 0.02);
  const LifNeuron missing{.params = {.tau_ms = 10.0, .reset_mV = -100.0}, .threshold_mV = peak_mV + 4e-6};
  EXPECT_TRUE(ode::simulate(missing, steady, drive, {}, 50.0, options).spikes.empty());
}

TEST(OdeLif, LeavesASpikeOnTheEndOfTheIntervalToWhatFollows) {
  const LifNeuron neuron{.params = {.refractory_ms = 1.0}, .threshold_mV = threshold_mV};
  const auto first = ode::simulate(neuron, {{0.0}}, 30.0, {}, 100.0, {}).spikes.at(0);
  const auto head = ode::simulate(neuron, {{0.0}}, 30.0, {}, first, {});
  EXPECT_TRUE(head.spikes.empty());
  const auto tail = ode::simulate(neuron, head.end, 30.0, {}, 5.0, {});
  ASSERT_EQ(tail.spikes.size(), 1U);
  EXPECT_NEAR(tail.spikes[0], 0.0, 1e-9);
}

TEST(OdeLif, RefusesAResetThatDoesNotLieBelowTheThreshold) {
  const LifNeuron neuron{.params = {.reset_mV = 30.0}, .threshold_mV = threshold_mV};
  EXPECT_THROW(ode::simulate(neuron, {{0.0}}, 40.0, {}, 100.0, {}), Error);
}

/// dx/dt = x^2 grows without bound in finite time, and no threshold stops it.
struct Explosion {
  using State = std::array<double, 1>;
  State derivative(const State& x, double) const { return {x[0] * x[0]}; }
  double excess(const State&) const { return -1.0; }
  void reset(State&) const {}
  void receive(State&, double) const {}
  void hold(State&) const {}
  double refractory_ms() const { return 0.0; }
};

TEST(OdeSimulate, ReportsEquationsThatCanNotBeIntegrated) {
  try {
    ode::simulate(Explosion{}, {{1.0}}, 0.0, {}, 2.0, {});
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::network);
    EXPECT_NE(std::string(error.what()).find("ms (no step is short enough"), std::string::npos);
  }
}

TEST(OdeSimulate, GivesUpWhereTheClockCanNotResolveAJumpOfTheDrive) {
  // The rest is exact, so the solver leaps to the jump at 1e9 ms, where two times lie 1e-7 ms apart.
  const LifNeuron neuron{.params = {}, .threshold_mV = threshold_mV};
  const ode::Options options{.absolute_tolerance = 1e-12, .relative_tolerance = 1e-12, .max_step_ms = 1e8};
  const auto drive = [](TimeMs t) { return t <= 1e9 ? 0.0 : 1e6; };
  EXPECT_THROW(ode::simulate(neuron, {{0.0}}, drive, {}, 2e9, options), Error);
}

TEST(OdeCrossing, FindsTheFirstCrossingToTheLastDigits) {
  const auto excess = [](TimeMs t) { return t * t - 2.0; };
  const auto slope = [](TimeMs t) { return 2.0 * t; };
  const auto time = ode::first_crossing(excess, slope, 0.0, 3.0);
  ASSERT_TRUE(time);
  EXPECT_NEAR(*time, std::numbers::sqrt2, 1e-15);
  EXPECT_GE(excess(*time), 0.0);
}

TEST(OdeCrossing, LooksUnderAHump) {
  const auto slope = [](TimeMs t) { return -2.0 * (t - 1.0); };
  const auto hump = [](double height) {
    return [height](TimeMs t) { return height - (t - 1.0) * (t - 1.0); };
  };
  const auto time = ode::first_crossing(hump(1e-6), slope, 0.0, 3.0);
  ASSERT_TRUE(time);
  EXPECT_NEAR(*time, 1.0 - 1e-3, 1e-9);
  EXPECT_FALSE(ode::first_crossing(hump(-1e-6), slope, 0.0, 3.0));
}

TEST(OdeCrossing, ReturnsTheStartWhenItIsThereAlready) {
  const auto falling = [](TimeMs t) { return 1.0 - t; };
  EXPECT_EQ(ode::first_crossing(
                falling, [](TimeMs) { return -1.0; }, 0.5, 3.0),
            0.5);
  EXPECT_FALSE(ode::first_crossing(
      falling, [](TimeMs) { return -1.0; }, 1.5, 3.0));
}

}  // namespace
}  // namespace shallows
