#include "sim/ode/adex.hpp"

#include <gtest/gtest.h>

#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "sim/core/error.hpp"
#include "sim/neurons/lif.hpp"
#include "sim/ode/simulate.hpp"

namespace shallows {
namespace {

using ode::AdexNeuron;
using ode::AdexParams;
using State = AdexNeuron::State;

/// The exponential integrate-and-fire neuron: no adaptation.
AdexParams without_adaptation() {
  AdexParams params;
  params.coupling_nS = 0.0;
  params.jump_w_pA = 0.0;
  return params;
}

std::vector<TimeMs> intervals(const std::vector<TimeMs>& times) {
  std::vector<TimeMs> result;
  for (std::size_t i = 1; i < times.size(); ++i) result.push_back(times[i] - times[i - 1]);
  return result;
}

TEST(Adex, WithoutAdaptationHasThePeriodOfItsQuadrature) {
  // Separation of variables: the period is the integral of dV / (dV/dt) from the reset to the peak.
  const AdexNeuron neuron(without_adaptation());
  const AdexParams& p = neuron.params();
  for (const double drive_pA : {600.0, 1000.0, 3000.0}) {
    SCOPED_TRACE(drive_pA);
    const auto slowness = [&](double v) { return 1.0 / neuron.derivative({v, 0.0}, drive_pA)[0]; };
    const double period = boost::math::quadrature::gauss_kronrod<double, 61>::integrate(slowness, p.reset_mV,
                                                                                        p.peak_mV, 15, 1e-14);
    const auto result = ode::simulate(neuron, {{p.reset_mV, 0.0}}, drive_pA, {}, 1000.0, {});
    ASSERT_EQ(result.spikes.size(), static_cast<std::size_t>(1000.0 / period));
    for (std::size_t k = 0; k < result.spikes.size(); ++k) {
      ASSERT_NEAR(result.spikes[k], static_cast<double>(k + 1) * period, 1e-8) << "spike " << k;
    }
  }
}

TEST(Adex, TendsToTheLeakyNeuronAsTheSlopeFactorVanishes) {
  AdexParams params = without_adaptation();
  const double drive_pA = 1000.0;
  const LifParams leaky{.tau_ms = params.capacitance_pF / params.leak_nS, .reset_mV = params.reset_mV};
  const double expected = lif::period(leaky, params.rest_mV + drive_pA / params.leak_nS, params.threshold_mV);
  double last_error = std::numeric_limits<double>::infinity();
  for (const double slope_mV : {1.0, 0.1, 0.01, 0.001}) {
    params.slope_mV = slope_mV;
    params.peak_mV = params.threshold_mV + 20.0 * slope_mV;
    const auto result = ode::simulate(AdexNeuron(params), {{params.reset_mV, 0.0}}, drive_pA, {}, 100.0, {});
    ASSERT_GT(result.spikes.size(), 1U);
    const double error = std::abs(result.spikes[0] - expected);
    EXPECT_LT(error, 0.3 * last_error);
    last_error = error;
  }
  EXPECT_LT(last_error, 0.01);
}

/// Spikes by classical Runge-Kutta steps of fixed, tiny size; the crossing by linear interpolation.
std::vector<TimeMs> tiny_steps(const AdexNeuron& neuron, State x, double drive_pA, TimeMs duration,
                               TimeMs step) {
  const auto moved = [](const State& from, double h, const State& rate) {
    return State{from[0] + h * rate[0], from[1] + h * rate[1]};
  };
  std::vector<TimeMs> spikes;
  TimeMs t = 0.0;
  while (t < duration) {
    const State k1 = neuron.derivative(x, drive_pA);
    const State k2 = neuron.derivative(moved(x, 0.5 * step, k1), drive_pA);
    const State k3 = neuron.derivative(moved(x, 0.5 * step, k2), drive_pA);
    const State k4 = neuron.derivative(moved(x, step, k3), drive_pA);
    const auto mean = [&](std::size_t i) { return (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]) / 6.0; };
    const State next = moved(x, step, {mean(0), mean(1)});
    if (neuron.excess(next) < 0.0) {
      t += step;
      x = next;
      continue;
    }
    const double part = neuron.excess(x) / (neuron.excess(x) - neuron.excess(next));
    t += part * step;
    x = {neuron.params().peak_mV, x[1] + part * (next[1] - x[1])};
    if (t < duration) spikes.push_back(t);
    neuron.reset(x);
  }
  return spikes;
}

TEST(Adex, AgreesWithTinyFixedSteps) {
  // A low peak, so that fixed steps can follow the upswing. Linear interpolation errs by h^2 / 8 times the
  // curvature over the slope, about 2e-7 ms per spike for h = 1e-3 ms.
  AdexParams params;
  params.peak_mV = -42.0;
  const AdexNeuron neuron(params);
  const State start = {params.rest_mV, 30.0};
  const auto result = ode::simulate(neuron, {start}, 900.0, {}, 300.0, {});
  const std::vector<TimeMs> expected = tiny_steps(neuron, start, 900.0, 300.0, 1e-3);
  ASSERT_GT(expected.size(), 5U);
  ASSERT_EQ(result.spikes.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(result.spikes[i], expected[i], 2e-5);
}

TEST(Adex, AdaptsToASteadyDrive) {
  const AdexNeuron neuron{AdexParams{}};
  const auto result = ode::simulate(neuron, {{-70.6, 0.0}}, 1000.0, {}, 1000.0, {});
  const std::vector<TimeMs> isi = intervals(result.spikes);
  ASSERT_GT(isi.size(), 5U);
  EXPECT_GT(isi.back(), 1.5 * isi.front());
  EXPECT_NEAR(isi[isi.size() - 1], isi[isi.size() - 2], 0.01 * isi.back());
}

TEST(Adex, HoldsTheVoltageWhileRefractoryAndLetsTheAdaptationGoOn) {
  AdexParams params;
  params.refractory_ms = 5.0;
  const AdexNeuron neuron(params);
  const ode::Arrival kick{.time = 1.0, .jump = 200.0};
  const auto result = ode::simulate(neuron, {{params.rest_mV, 0.0}}, 0.0, {&kick, 1}, 4.0, {});
  EXPECT_EQ(result.spikes, std::vector<TimeMs>({1.0}));
  EXPECT_EQ(result.end.state[0], params.reset_mV);
  EXPECT_EQ(result.end.refractory_left_ms, 2.0);
  // The reset is the rest, so the coupling is silent and w decays freely. Before the kick the exponential
  // term lifts V above rest by 0.08 uV at most, which w hardly notices.
  EXPECT_NEAR(result.end.state[1], params.jump_w_pA * std::exp(-3.0 / params.tau_w_ms), 1e-3);
}

TEST(Adex, RefusesParametersThatMakeNoNeuron) {
  const auto refused = [](const std::function<void(AdexParams&)>& change, const std::string& named) {
    AdexParams params;
    change(params);
    try {
      AdexNeuron neuron(params);
    } catch (const Error& error) {
      return error.kind() == ErrorKind::configuration &&
             std::string(error.what()).find(named) != std::string::npos;
    }
    return false;
  };
  EXPECT_TRUE(refused([](AdexParams& p) { p.capacitance_pF = 0.0; }, "capacitance_pF"));
  EXPECT_TRUE(refused([](AdexParams& p) { p.leak_nS = -1.0; }, "leak_nS"));
  EXPECT_TRUE(refused([](AdexParams& p) { p.slope_mV = 0.0; }, "slope_mV"));
  EXPECT_TRUE(refused([](AdexParams& p) { p.tau_w_ms = std::nan(""); }, "tau_w_ms"));
  EXPECT_TRUE(refused([](AdexParams& p) { p.refractory_ms = -1.0; }, "refractory_ms"));
  EXPECT_TRUE(refused([](AdexParams& p) { p.reset_mV = 20.0; }, "reset_mV"));
  EXPECT_TRUE(refused([](AdexParams& p) { p.slope_mV = 0.1; }, "peak_mV"));
}

}  // namespace
}  // namespace shallows
