// A layer of neurons with random synapses, simulated by the fast engine and by the plain one: the same
// spikes, to the bit in double precision.
#include <chrono>
#include <cstdio>
#include <vector>

#include "sim/core/rng.hpp"
#include "sim/layer/lif_layer.hpp"
#include "sim/reference/reference_engine.hpp"

namespace {

using namespace shallows;

template <class Layer>
SpikeTrain simulate(const char* name, const Layer& layer, const SpikeTrain& arrivals, TimeMs duration) {
  auto state = layer.initial_state(std::vector<double>(layer.size(), 0.0));
  SpikeTrain spikes;
  const auto start = std::chrono::steady_clock::now();
  layer.run(arrivals, duration, state, spikes);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  std::printf("%-12s %zu spikes in %.1f ms\n", name, spikes.size(), took.count());
  return spikes;
}

}  // namespace

int main() {
  constexpr std::size_t kSources = 200, kNeurons = 1000;
  constexpr TimeMs kDuration = 200.0;
  Rng rng(1, Purpose::tests, 0);

  // Each neuron hears every fifth source, a little more excitation than inhibition.
  Synapses synapses;
  synapses.source_count = kSources;
  for (std::size_t i = 0; i < kNeurons; ++i) {
    for (NeuronId j = 0; j < kSources; ++j) {
      if (rng.uniform() >= 0.2) continue;
      synapses.sources.push_back(j);
      synapses.weights_mV.push_back(static_cast<float>(0.4 + 2.0 * rng.normal()));
    }
    synapses.offsets.push_back(static_cast<std::uint32_t>(synapses.sources.size()));
  }
  std::vector<Spike> input(5000);
  for (Spike& spike : input) spike = {rng.uniform(0.0, kDuration), rng.integer(kSources)};
  const SpikeTrain arrivals = SpikeTrain::from_unsorted(input);

  const std::vector<double> thresholds_mV(kNeurons, 20.0), currents_mV(kNeurons, 12.0);
  const ReferenceLayer plain(synapses, {}, thresholds_mV, currents_mV);
  const LifLayer<double> fast(synapses, {}, thresholds_mV, currents_mV);
  const SpikeTrain expected = simulate("plain engine", plain, arrivals, kDuration);
  const SpikeTrain got = simulate("fast engine", fast, arrivals, kDuration);
  std::printf("the spikes are %s\n", got == expected ? "the same" : "different");
}
