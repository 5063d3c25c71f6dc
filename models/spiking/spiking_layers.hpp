// The hidden layers of a spiking network from the receptive fields and the layers above them.
#pragma once

#include <span>
#include <vector>

#include "encoders/complex_cells.hpp"
#include "encoders/layers/upper_layers.hpp"
#include "models/spiking/spiking_network.hpp"

namespace shallows {

/// "hidden" with the bank as weights in mV, then "hidden2", ... of the projections.
///
/// With a pool, "simple" has the bank at all places and "hidden" are the complex cells: at rest at the reset,
/// they get a weight that lifts the neuron of the highest threshold from there over it, so every spike of a
/// simple cell makes its complex cell spike unless that is refractory. Several at one instant make one spike.
std::vector<SpikingLayer> spiking_layers(const SpikingParams& params, const ReceptiveFields& bank,
                                         const Pool& pool, std::span<const Projection> upper);

}  // namespace shallows
