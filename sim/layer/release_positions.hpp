// Refractoriness of the fast layer as positions of arrivals in a slice, which are exact in float32 where
// times are not: the rule of refractoriness.hpp is asked once for each arrival, in double precision, and the
// inner loop compares positions (TeamLists::free_from, BlockWalk::free_from).
#pragma once

#include <span>

#include "sim/core/types.hpp"

namespace shallows {

/// For each arrival of a frame, slice by slice: the position of the first arrival that a neuron hears which
/// spikes at this one; a code above all positions if that is beyond the slice.
template <class Real>
void find_release_positions(std::span<const TimeMs> times, TimeMs refractory_ms, std::span<Real> free_from);

/// For each neuron the position from which it hears, of one that is free from `free_at` [ms] on.
template <class Real>
void enter_slice(std::span<const TimeMs> slice, std::span<const TimeMs> free_at, std::span<Real> free_from);

/// And back: the times of those that have spiked, 0 for those that are free within the slice; those that were
/// refractory all through it keep theirs.
template <class Real>
void leave_slice(std::span<const TimeMs> slice, TimeMs refractory_ms, std::span<const Real> free_from,
                 std::span<TimeMs> free_at);

}  // namespace shallows
