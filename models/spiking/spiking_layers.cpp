#include "models/spiking/spiking_layers.hpp"

#include <string>
#include <utility>

namespace shallows {
namespace {

/// A little more than the gap, so that rounding can't leave a neuron below its threshold.
constexpr double kSurplus = 1.001;

Synapses to_complex_cells(const SimpleCells& simple, double weight_mV) {
  Synapses synapses;
  synapses.source_count = simple.fields.size();
  for (const std::vector<std::uint32_t>& cells : simple.of_field) {
    synapses.sources.insert(synapses.sources.end(), cells.begin(), cells.end());
    synapses.offsets.push_back(static_cast<std::uint32_t>(synapses.sources.size()));
  }
  synapses.weights_mV.assign(synapses.sources.size(), static_cast<float>(weight_mV));
  return synapses;
}

}  // namespace

std::vector<SpikingLayer> spiking_layers(const SpikingParams& params, const ReceptiveFields& bank,
                                         const Pool& pool, std::span<const Projection> upper) {
  std::vector<SpikingLayer> layers;
  if (pool.reach == 0) {
    layers.push_back({layer_name(1), to_synapses(bank), params.hidden_bias_mV});
  } else {
    const SimpleCells simple = simple_cells(bank, pool);
    const double highest_mV = params.threshold.threshold_mV + params.threshold.threshold_spread_mV;
    const double rest_mV = params.neuron.reset_mV;
    layers.push_back({"simple", to_synapses(simple.fields), params.hidden_bias_mV});
    layers.push_back({layer_name(1), to_complex_cells(simple, kSurplus * (highest_mV - rest_mV)), rest_mV});
  }
  for (std::size_t l = 0; l < upper.size(); ++l) {
    layers.push_back({layer_name(l + 2), upper[l].synapses, params.upper_bias_mV[l]});
  }
  return layers;
}

}  // namespace shallows
