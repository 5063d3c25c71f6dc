// The inner loop of the fast layer: blocks of neurons walk the time-ordered arrivals under their patches.
//
// In the un-decayed, normalised frame  x_i = (v_i - I_i) exp(t / tau) / (theta_i - I_i)  nothing changes
// between arrivals; an arrival at t with E = exp(t / tau) is one fused multiply-add  x += w' E, the threshold
// test is one compare  x >= E, and a reset is  x = r E  with r = (v_reset - I_i) / (theta_i - I_i). Neurons
// are lanes: no lane ever meets another, and every multiply-add is fused on every machine, so each vector
// width gives the same bits.
//
// From one arrival to the next a lane waits for its multiply-add, its compare and its reset. A team of blocks
// therefore walks in lockstep, each block along its own list: the waits of one are the work of the others.
//
// lif_kernel.cpp holds the vector version for each instruction set (chosen at run time) and, beside it, the
// scalar reference that it is tested against.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "sim/packed_synapses.hpp"

namespace shallows {

/// Blocks in a team: with 512-bit vectors, 12 independent chains in flight; more would not fit the registers.
inline constexpr std::size_t kTeamBlocks = 3;
inline constexpr std::size_t kTeamLanes = kTeamBlocks * kBlockLanes;

/// Most arrivals that a block walks along in one call.
inline constexpr std::size_t kSliceArrivals = 4096;
/// Distance between the lists of a team's blocks: not a multiple of the cache's, so that they do not evict
/// each other, and with room for what the vector code writes past the end.
inline constexpr std::size_t kSliceStride = kSliceArrivals + 80;

/// The arrivals at a team, one list per block, in order, padded to the same length. Arrival k adds
/// weights[offset[block][k] + lane] * scale[block][k] to each lane of the block.
template <class Real>
struct TeamArrivals {
  std::size_t size = 0;
  /// Some arrivals are followed by another one at the same instant: `threshold` counts instead of `scale`.
  bool simultaneous = false;
  std::uint32_t offset[kTeamBlocks][kSliceStride];
  Real scale[kTeamBlocks][kSliceStride];      ///< E = exp(t / tau)
  Real threshold[kTeamBlocks][kSliceStride];  ///< E, or infinity where the instant goes on
};

/// Bit `lane` of lanes[block][k] tells whether the lane spiked at arrival k of the block's list.
struct TeamSpikes {
  std::uint64_t lanes[kTeamBlocks][kSliceStride];
};
static_assert(kBlockLanes == 64, "a block's spikes at one arrival are one word");

/// Walks a team's lanes, block after block in `reset` and `x`, through the arrivals. `weights`, `reset` and
/// `x` are aligned to 64 bytes.
template <class Real>
void run_lif_team(const TeamArrivals<Real>& arrivals, const Real* weights, const Real* reset, Real* x,
                  TeamSpikes& spikes);

/// The same, lane by lane with std::fma: the reference.
template <class Real>
void run_lif_team_scalar(const TeamArrivals<Real>& arrivals, const Real* weights, const Real* reset, Real* x,
                         TeamSpikes& spikes);

/// The instruction set in use on this machine, e.g. "AVX3_ZEN4 (16 floats)".
std::string lif_kernel_vector();

}  // namespace shallows
