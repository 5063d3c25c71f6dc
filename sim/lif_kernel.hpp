// The inner loop of the fast layer: one block of neurons walks the time-ordered arrivals under its patches.
//
// In the un-decayed, normalised frame  x_i = (v_i - I_i) exp(t / tau) / (theta_i - I_i)  nothing changes
// between arrivals; an arrival at t with E = exp(t / tau) is one fused multiply-add  x += w' E, the threshold
// test is one compare  x >= E, and a reset is  x = r E  with r = (v_reset - I_i) / (theta_i - I_i). Neurons
// are lanes: no lane ever meets another, and every multiply-add is fused on every machine, so each vector
// width gives the same bits.
//
// lif_kernel.cpp holds the vector version for each instruction set (chosen at run time) and, beside it, the
// scalar reference that it is tested against.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "sim/packed_synapses.hpp"

namespace shallows {

/// Words of 64 neurons in a row of spike bits.
inline constexpr std::size_t kBlockWords = kBlockLanes / 64;

/// The arrivals at a block, in order. Arrival k adds weights[offset[k] + lane] * scale[k] to each lane.
template <class Real>
struct BlockArrivals {
  std::size_t size;
  const std::uint32_t* offset;  ///< first weight of the arrival's source in the block's weights
  const Real* scale;            ///< E = exp(t / tau)
  const Real* threshold;        ///< E, or infinity where another arrival at the same instant follows
};

/// Walks a block's lanes through the arrivals. `weights`, `reset` and `x` are aligned to 64 bytes; bit `lane`
/// of spikes[k * kBlockWords + lane / 64] tells whether the lane spiked at arrival k.
template <class Real>
void run_lif_block(const BlockArrivals<Real>& arrivals, const Real* weights, const Real* reset, Real* x,
                   std::uint64_t* spikes);

/// The same, lane by lane with std::fma: the reference.
template <class Real>
void run_lif_block_scalar(const BlockArrivals<Real>& arrivals, const Real* weights, const Real* reset,
                          Real* x, std::uint64_t* spikes);

/// The instruction set in use on this machine, e.g. "AVX3_ZEN4 (16 floats)".
std::string lif_kernel_vector();

}  // namespace shallows
