// What one update of a rate network takes at least: to hold a measured time against what the machine can do.
#pragma once

#include <cstddef>

namespace shallows {

/// Per image. A multiply-add is one fused (or multiply and add) operation on one number.
struct RateCost {
  double useful_multiply_adds = 0.0;    ///< at synapses that exist and inputs that are not zero
  double computed_multiply_adds = 0.0;  ///< with the lanes that vectors and blocks add
  double bytes = 0.0;                   ///< of weights, activations and steps that are read or written beyond
                                        ///< the registers and the first cache, each once per pass over them

  RateCost& operator+=(const RateCost& other) {
    useful_multiply_adds += other.useful_multiply_adds;
    computed_multiply_adds += other.computed_multiply_adds;
    bytes += other.bytes;
    return *this;
  }
};

/// The parts of an update.
struct RateCosts {
  RateCost product;   ///< what the bank makes of the image
  RateCost readout;   ///< answer and update
  RateCost learning;  ///< of the bank; zero if it is fixed

  RateCost total() const {
    RateCost sum = product;
    sum += readout;
    return sum += learning;
  }
};

}  // namespace shallows
