// Pairs: every neuron takes the difference of a neuron below and the one after it.
#pragma once

#include <string_view>

#include "encoders/layers/upper_layer.hpp"

namespace shallows {

struct PairLayer {
  struct Params {
    double weight = 1.0;
    static Fields<Params> fields() {
      return {field("weight", &Params::weight, "mV if spiking",
                    "weight of the first, minus that of the second", positive(1e6))};
    }
  };
  static constexpr std::string_view name = "pairs", abbreviation = "pairs";
  static constexpr std::string_view about = "differences of neighbours of the layer below";

  static Projection make(const Params& params, const LayerSource& source) {
    Projection layer;
    layer.synapses.source_count = source.below.size();
    for (NeuronId i = 0; i + 1 < source.below.size(); ++i) {
      for (const NeuronId j : {i, i + 1}) {
        layer.synapses.sources.push_back(j);
        layer.synapses.weights_mV.push_back(static_cast<float>(j == i ? params.weight : -params.weight));
      }
      layer.synapses.offsets.push_back(static_cast<std::uint32_t>(layer.synapses.sources.size()));
      layer.places.push_back(source.below[i]);
    }
    return layer;
  }
};

}  // namespace shallows
