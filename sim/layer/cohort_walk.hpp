// How the blocks of one cohort walk the arrivals of a frame (glossary: lif_layer.hpp).
//
// In every slice the cohort first selects the arrivals that reach any of its blocks, and which of them reach
// each. Then its blocks walk, those with the most arrivals first, as many at a time as a team has members:
// where one has walked its whole list, the next block takes its turn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sim/core/types.hpp"
#include "sim/layer/lap_clock.hpp"
#include "sim/layer/packed_synapses.hpp"
#include "sim/layer/volleys.hpp"

namespace shallows {

/// Consecutive blocks that select their arrivals together: more share more work, but fewer arrivals.
inline constexpr std::size_t kCohortBlocks = 9;

/// The arrivals of one frame.
template <class Real>
struct ArrivalFrame {
  std::span<const TimeMs> times;
  std::span<const NeuronId> sources;
  std::uint32_t first;              ///< index of the frame's first arrival in the whole train
  std::span<const Real> scale;      ///< exp(t / tau), t since the frame's start
  std::span<const Real> free_from;  ///< see find_release_positions(); empty without refractoriness
  /// Last arrival of the same time, counted in the whole train; empty if no two are simultaneous.
  std::span<const std::uint32_t> instant;
  Real rebase;                           ///< exp(-frame / tau): from this frame's origin to the next one's
  std::size_t words;                     ///< of a row of `reach`
  std::span<const std::uint64_t> reach;  ///< [cohort][word]: bit k is set where arrival k reaches the cohort
};

/// One cohort of a layer. Spans of neurons are of all its lanes.
template <class Real>
struct Cohort {
  std::size_t index;
  std::size_t first_block, blocks;
  const PackedSynapses<Real>& synapses;
  /// [source]: bit b is set where it reaches block b of the cohort; above these kCohortBlocks bits, the row
  /// of its weights in each block.
  std::span<const std::uint32_t> targets_of;
  TimeMs refractory_ms;
  std::span<const Real> reset;  ///< see BlockWalk
  std::span<Real> x;
  std::span<TimeMs> free_at;  ///< when it leaves refractoriness; empty without
};

/// Adds each block's spikes to spikes[block], of the whole layer; x and free_at are then those at the frame's
/// end.
template <class Real>
void walk_cohort(const Cohort<Real>& cohort, const ArrivalFrame<Real>& frame, std::span<BlockSpikes> spikes,
                 LayerTimes* times);

}  // namespace shallows
