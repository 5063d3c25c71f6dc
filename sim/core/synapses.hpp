// The incoming synapses of a layer, compressed by target neuron.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/core/types.hpp"

namespace shallows {

/// Synapses of target i: sources[offsets[i] .. offsets[i + 1]), ascending, with their weights in mV.
struct Synapses {
  std::size_t source_count = 0;
  std::vector<std::uint32_t> offsets = {0};
  std::vector<NeuronId> sources;
  std::vector<float> weights_mV;

  std::size_t targets() const { return offsets.size() - 1; }
  std::span<const NeuronId> sources_of(std::size_t target) const {
    return std::span(sources).subspan(offsets[target], offsets[target + 1] - offsets[target]);
  }
  std::span<const float> weights_of(std::size_t target) const {
    return std::span(weights_mV).subspan(offsets[target], offsets[target + 1] - offsets[target]);
  }

  /// Number of synapses that each source makes.
  std::vector<std::uint32_t> fan_out() const;
};

}  // namespace shallows
