// The inner loop of the fast layer: blocks of neurons walk the time-ordered arrivals under their patches.
//
// In the un-decayed, normalised frame  x_i = (v_i - I_i) exp(t / tau) / (theta_i - I_i)  nothing changes
// between arrivals; an arrival at t with E = exp(t / tau) is one fused multiply-add  x += w' E, the threshold
// test is one compare  x >= E, and a reset is  x = r E  with r = (v_reset - I_i) / (theta_i - I_i). Neurons
// are lanes: no lane ever meets another, and every multiply-add is fused on every machine, so each vector
// width gives the same bits.
//
// A refractory neuron stays at v_reset for a time d: a spike at E sets x = r G E with G = exp(d / tau), the
// voltage it has when it is free, and arrivals are lost until then. Whether one is lost is asked of its place
// in the slice, not of its scale: times that differ may have the same E, whose resolution is eps tau, but
// each arrival has its own place, and a place is exact in float32. That costs a compare and a register more,
// so it has a version of its own.
//
// From one arrival to the next a lane waits for its multiply-add, its compare and its reset. A team of blocks
// therefore walks in lockstep, each block along its own list: the waits of one are the work of the others.
//
// lif_kernel.cpp holds the vector version for each instruction set (chosen at run time) and, beside it, the
// scalar reference that it is tested against.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "sim/layer/packed_synapses.hpp"

namespace shallows {

/// Most blocks in a team: with 512-bit vectors, 12 independent chains in flight; more would not fit the
/// registers.
inline constexpr std::size_t kTeamBlocks = 3;

/// Most arrivals of which there are lists at a time; these then stay in the first two levels of the cache.
inline constexpr std::size_t kSliceArrivals = 16384;
/// Distance between the lists of a team's blocks: not a multiple of the cache's, so that they do not evict
/// each other, and with room for what vector code writes past the end.
inline constexpr std::size_t kSliceStride = kSliceArrivals + 80;

/// The lists that a team works with: of arrivals, in order, and for each block the entries of this list that
/// concern it. One object, because the inner loop lacks registers for more addresses.
template <class Real>
struct TeamLists {
  std::uint32_t row[kSliceArrivals];  ///< where the source's weights begin in every block
  Real scale[kSliceStride];           ///< E = exp(t / tau)
  std::uint16_t entry[kTeamBlocks][kSliceStride];
  /// Some arrivals are followed by another one at the same instant: `threshold` counts instead of `scale`.
  bool simultaneous = false;
  Real threshold[kTeamBlocks][kSliceStride];  ///< E, or infinity where the instant goes on
  /// Bit `lane` of spikes[block][k] tells whether the lane spiked at entry[block][k].
  std::uint64_t spikes[kTeamBlocks][kSliceStride];
  /// The neurons have a refractory time: the rest counts.
  bool refractory = false;
  Real position[kSliceStride];  ///< of the arrival in the slice
  /// Of a neuron that spikes at the arrival, what becomes its BlockWalk::free_from: the position of the first
  /// arrival that it hears again, or anything above all positions.
  Real free_from[kSliceStride];
};
static_assert(2 * kSliceArrivals <= std::size_t{1} << 24,
              "positions, and twice as many, are exact in float32");
static_assert(kBlockLanes == 64, "a block's spikes at one arrival are one word");

/// Where a block of the team stands: its next arrival e = entry[block][next] adds weights[row[e] + lane] *
/// scale[e] to x[lane]. `reset` is r G. Arrivals at a position below free_from[lane] are lost, if there is
/// refractoriness. All pointers are aligned to 64 bytes.
template <class Real>
struct BlockWalk {
  const Real* weights;
  const Real* reset;
  Real* x;
  Real* free_from;
  std::size_t next;
};

/// Each block of the team, at most kTeamBlocks, walks `steps` entries of its list, which then have their
/// spikes.
template <class Real>
void run_lif_team(std::span<const BlockWalk<Real>> team, std::size_t steps, TeamLists<Real>& lists);

/// The same, lane by lane with std::fma: the reference.
template <class Real>
void run_lif_team_scalar(std::span<const BlockWalk<Real>> team, std::size_t steps, TeamLists<Real>& lists);

/// The instruction set in use on this machine, e.g. "AVX3_ZEN4 (16 floats)".
std::string lif_kernel_vector();

}  // namespace shallows
