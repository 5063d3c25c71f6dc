// A leaky integrate-and-fire neuron under a constant current: its spikes are exact, to the last bits of the
// closed form
//
//     t_1 = tau ln((I - v_0) / (I - theta)),   t_(k+1) - t_k = t_refractory + tau ln((I - v_reset) / (I -
//     theta))
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "sim/reference/reference_engine.hpp"

int main() {
  using namespace shallows;
  const LifParams neuron{.tau_ms = 20.0, .reset_mV = 5.0, .refractory_ms = 2.0};
  const double threshold_mV = 20.0, current_mV = 30.0, initial_mV = 0.0;

  // Nothing arrives: one neuron with no synapses.
  const Synapses none{.source_count = 0, .offsets = {0, 0}, .sources = {}, .weights_mV = {}};
  const ReferenceLayer layer(none, neuron, {threshold_mV}, {current_mV});
  auto state = layer.initial_state(std::vector{initial_mV});
  SpikeTrain spikes;
  layer.run(SpikeTrain(), 100.0, state, spikes);

  const auto rise = [&](double from_mV) {
    return neuron.tau_ms * std::log((current_mV - from_mV) / (current_mV - threshold_mV));
  };
  double expected = rise(initial_mV), largest = 0.0;
  for (const TimeMs time : spikes.times()) {
    std::printf("spike at %9.6f ms, closed form %9.6f ms\n", time, expected);
    largest = std::max(largest, std::abs(time - expected));
    expected += neuron.refractory_ms + rise(neuron.reset_mV);
  }
  std::printf("%zu spikes, largest difference %.1e ms\n", spikes.size(), largest);
}
