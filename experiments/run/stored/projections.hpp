// The synapses of hidden layers above the first one as arrays of a file.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "encoders/complex_cells.hpp"
#include "encoders/layers/upper_layers.hpp"
#include "sim/core/named_array.hpp"

namespace shallows {

/// projections/NAME/weights, one for each synapse, neuron by neuron, or [neuron, neuron below] of a layer
/// that sees all of them; /source and /first, where each neuron's synapses begin, if it does not; /row and
/// /column, the centres of what the neurons see.
std::vector<NamedArray> projection_arrays(const std::string& name, const Projection& projection);
std::string projection_weights(const std::string& name);

/// simple_cells/field, the complex cell of each, and /row, /column, where its patch is. For those who read
/// the file: they follow from the bank.
std::vector<NamedArray> simple_cell_arrays(const ReceptiveFields& bank, const Pool& pool);

/// What projection_arrays() described, from so many neurons below. Throws Error (data).
Projection stored_projection(std::span<const NamedArray> arrays, const std::string& name,
                             std::size_t sources);

}  // namespace shallows
