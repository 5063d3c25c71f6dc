// Random layers and random arrivals, from a seed, for the tests of the engines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/core/rng.hpp"
#include "sim/core/spike_train.hpp"
#include "sim/core/synapses.hpp"
#include "sim/layer/lif_layer.hpp"
#include "sim/neurons/lif.hpp"
#include "sim/reference/reference_engine.hpp"

namespace shallows {

struct LayerCase {
  LifParams params;
  Synapses synapses;
  std::vector<double> thresholds_mV;
  std::vector<double> drives_mV;
  std::vector<double> initial_mV;

  template <class Real>
  LifLayer<Real> fast() const {
    return {synapses, params, thresholds_mV, drives_mV};
  }
  ReferenceLayer reference() const { return {synapses, params, thresholds_mV, drives_mV}; }
};

/// How the neurons of a layer are wired.
enum class Wiring {
  dense,   ///< to every source
  sparse,  ///< to each source with a small probability; some neurons to none
  window,  ///< to a run of sources that moves along with the neuron, so blocks have different sources
};

inline bool connected(Wiring wiring, std::size_t sources, NeuronId source, double place, double density,
                      Rng& rng) {
  switch (wiring) {
    case Wiring::dense:
      return true;
    case Wiring::sparse:
      return rng.uniform() < density;
    case Wiring::window: {
      const double width = density * static_cast<double>(sources);
      const double begin = place * (static_cast<double>(sources) - width);
      return source >= begin && source < begin + width;
    }
  }
  return false;
}

/// A layer that the fast engine takes: drives up to 3 mV below the thresholds. Weights ~
/// N(0.2, 1) * weight_mV: a little more excitation than inhibition.
inline LayerCase random_layer(std::size_t sources, std::size_t neurons, Wiring wiring, double weight_mV,
                              Rng& rng) {
  LayerCase layer;
  layer.params.tau_ms = rng.uniform(2.0, 40.0);
  layer.synapses.source_count = sources;
  const double density = rng.uniform(0.05, 0.3);
  for (std::size_t i = 0; i < neurons; ++i) {
    const double place = static_cast<double>(i) / static_cast<double>(neurons);
    for (NeuronId source = 0; source < sources; ++source) {
      if (!connected(wiring, sources, source, place, density, rng)) continue;
      layer.synapses.sources.push_back(source);
      layer.synapses.weights_mV.push_back(static_cast<float>(weight_mV * (0.2 + rng.normal())));
    }
    layer.synapses.offsets.push_back(static_cast<std::uint32_t>(layer.synapses.sources.size()));
    layer.thresholds_mV.push_back(rng.uniform(15.0, 21.0));
    layer.drives_mV.push_back(layer.thresholds_mV.back() - rng.uniform(0.01, 3.0));
    layer.initial_mV.push_back(rng.uniform(-10.0, layer.thresholds_mV.back()));
  }
  return layer;
}

/// `count` arrivals in [0, duration). With grid_ms > 0 their times are its multiples, so that many coincide.
inline SpikeTrain random_arrivals(std::size_t count, std::size_t sources, TimeMs duration, TimeMs grid_ms,
                                  Rng& rng) {
  std::vector<Spike> spikes;
  for (std::size_t k = 0; k < count; ++k) {
    TimeMs time = rng.uniform(0.0, duration);
    if (grid_ms > 0.0) time = grid_ms * static_cast<double>(static_cast<std::size_t>(time / grid_ms));
    spikes.push_back({time, rng.integer(static_cast<std::uint32_t>(sources))});
  }
  return SpikeTrain::from_unsorted(std::move(spikes));
}

/// The spikes of [from, to), with times since `from`.
inline SpikeTrain cut(const SpikeTrain& train, TimeMs from, TimeMs to) {
  SpikeTrain part;
  for (std::size_t k = 0; k < train.size(); ++k) {
    if (train.times()[k] < from || train.times()[k] >= to) continue;
    part.append(train.times()[k] - from, train.sources()[k]);
  }
  return part;
}

/// Spikes of a layer from its initial state.
template <class Layer>
SpikeTrain run_once(const Layer& layer, const LayerCase& layer_case, const SpikeTrain& arrivals,
                    TimeMs duration) {
  auto state = layer.initial_state(layer_case.initial_mV);
  SpikeTrain spikes;
  layer.run(arrivals, duration, state, spikes);
  return spikes;
}

}  // namespace shallows
