// The 50 Euler steps of models/banks/learning/recurrent_dynamics.hpp for many populations at once, one in
// each lane of a vector, compiled for each instruction set and chosen at run time. Each lane does the same
// operations in the same order on every machine.
#pragma once

#include <cstddef>

namespace shallows::inhibition_kernel {

/// Populations in a group.
inline constexpr std::size_t kLanes = 16;

/// What a group of populations has learned. All arrays are aligned to cache lines.
struct Group {
  std::size_t neurons;      ///< in each population
  const float* lateral;     ///< [to][from][lane]
  const float* thresholds;  ///< [neuron][lane]
};

/// Turns drives, [neuron][lane], into activities. `scratch` has room for twice as many values.
void take_steps(const Group& group, float* drive, float* scratch);

}  // namespace shallows::inhibition_kernel
