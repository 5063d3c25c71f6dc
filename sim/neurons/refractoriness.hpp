// The end of the refractory time: one rule for every engine, neuron model and precision.
//
// A neuron that spikes at t is free from t + refractory_ms on. An arrival, or the end of an interval of
// simulation, finds it free if it is at most kReleaseTolerance before that instant. The times of arrivals are
// sums (multiples of an interval, plus delays, less presentations), each rounded; without the tolerance it
// would be up to the last bit of such a sum whether an input that meets the end exactly counts. 1e-9 ms is
// what the engines promise for a spike time, and several roundings of times up to 1e6 ms.
//
// So within an interval of simulation no two spikes of a neuron are less than refractory_ms - 1e-9 ms apart
// (and a refractory time of up to 1e-9 ms is none). Every engine evaluates this test on the times themselves,
// in double precision and in the same order of operations; none asks the voltage's frame, where exp(t / tau)
// can round two times to one value.
#pragma once

#include "sim/core/types.hpp"

namespace shallows {

inline constexpr TimeMs kReleaseTolerance = 1e-9;

/// The first instant at which an arrival counts for a neuron that is free from `free_at` on.
constexpr TimeMs counts_from(TimeMs free_at) { return free_at - kReleaseTolerance; }

/// What is left of a refractory time that ends at `free_at`, at the end of an interval: 0 if it is over.
constexpr TimeMs refractory_left(TimeMs free_at, TimeMs interval_end) {
  return interval_end >= counts_from(free_at) ? 0.0 : free_at - interval_end;
}

}  // namespace shallows
