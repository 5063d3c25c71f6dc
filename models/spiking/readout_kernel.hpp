// The inner loop of the fast spiking readout, compiled for each instruction set and chosen at run time. Every
// lane does the same unfused operations in the same order on every machine, so all give the same bits.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "plasticity/spikes/spike_rules.hpp"
#include "sim/core/spike_train.hpp"

namespace shallows {

/// Readout neurons that share a walk.
inline constexpr std::size_t kReadoutLanes = 16;

/// One group of lanes; arrays of kReadoutLanes values. Lanes without a neuron have an infinite gap.
template <class Real>
struct ReadoutGroup {
  double tau_ms;
  double trace_tau_ms;
  Real reset;  ///< (v_reset - I) exp(refractory time / tau), mV
  TimeMs refractory_ms;
  const Real* gap;  ///< theta - I, mV
  Real* u;          ///< v - I, mV
  /// Time until a lane leaves refractoriness, 0 if it is free; null without refractoriness.
  TimeMs* free_at;
  Real* trace;          ///< kHz
  const Real* weights;  ///< lane 0's weight from input 0, mV
  std::size_t stride;   ///< from one input's weights to the next one's
  NeuronId first;       ///< neuron of lane 0
  std::size_t neurons;  ///< lanes that have one
};

/// Learning at the arrivals [from, end): the rule moves `weights`, which are the group's own, by what the
/// teacher asks of the lanes, `target` (kHz per lane).
template <class Real>
struct Teaching {
  std::size_t from;
  TimeMs from_ms;  ///< when learning begins
  Real* weights;
  const Real* target;
  SpikeRule<Real> rule;
  TraceTaus taus;
  // Only for rules that act at all events:
  std::span<SpikeTrace> pre = {};  ///< one per input
  SpikeTrace* post = nullptr;      ///< one per lane
};

/// Moves u, free_at and the traces from 0 to `duration` and appends the spikes; `teaching` may be null.
template <class Real>
void run_readout_group(const ReadoutGroup<Real>& group, const SpikeTrain& arrivals, TimeMs duration,
                       const Teaching<Real>* teaching, std::vector<Spike>& spikes);

}  // namespace shallows
