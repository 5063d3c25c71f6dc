// A neuron model of one's own, by numerical integration: the quadratic integrate-and-fire neuron
//
//     tau dx/dt = x^2 + I,   x >= x_peak:  spike, x <- x_reset
//
// Under a constant I > 0 its period is tau / sqrt(I) (atan(x_peak / sqrt(I)) - atan(x_reset / sqrt(I))).
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "sim/ode/simulate.hpp"

namespace {

using namespace shallows;

/// The form of a neuron is in sim/ode/neuron.hpp.
struct QuadraticNeuron {
  using State = std::array<double, 1>;
  double tau_ms = 10.0, peak = 30.0, lowest = -30.0, pause_ms = 1.0;

  State derivative(const State& x, double drive) const { return {(x[0] * x[0] + drive) / tau_ms}; }
  double excess(const State& x) const { return x[0] - peak; }
  void reset(State& x) const { x[0] = lowest; }
  void receive(State& x, double jump) const { x[0] += jump; }
  void hold(State& rate) const { rate[0] = 0.0; }
  double refractory_ms() const { return pause_ms; }
};
static_assert(ode::Neuron<QuadraticNeuron>);

}  // namespace

int main() {
  const QuadraticNeuron neuron;
  for (const double drive : {0.25, 1.0, 4.0}) {
    const auto result = ode::simulate(neuron, {.state = {neuron.lowest}}, drive, {}, 500.0, {});
    const double root = std::sqrt(drive);
    const double period =
        neuron.pause_ms +
        neuron.tau_ms / root * (std::atan(neuron.peak / root) - std::atan(neuron.lowest / root));
    double largest = 0.0;
    for (std::size_t k = 1; k < result.spikes.size(); ++k)
      largest = std::max(largest, std::abs(result.spikes[k] - result.spikes[k - 1] - period));
    std::printf("drive %.2f: %zu spikes, period %.6f ms, largest difference %.1e ms\n", drive,
                result.spikes.size(), period, largest);
  }
}
