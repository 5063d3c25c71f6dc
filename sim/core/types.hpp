// The two scalar types that every part of the simulator shares.
#pragma once

#include <cstdint>

namespace shallows {

/// Biological time in milliseconds.
using TimeMs = double;

/// Index of a neuron within its population, from 0.
using NeuronId = std::uint32_t;

}  // namespace shallows
