// What a rule is by which spikes change synapses, and what it is told.
//
// A rule acts at the events of its synapse: when a presynaptic spike arrives, after the voltage has jumped,
// and when the postsynaptic neuron fires; arrivals of one instant come before the spike that they cause. An
// entry of the list (plasticity/spikes/spike_rules.hpp) has `Params`, `name`, `about`, and
//
//     template <class Real> using Rule = ...;
//     template <class Real> static Rule<Real> make(const Params& params, double learning_rate);
//     static TraceTaus taus(const Params& params);    // time constants of the traces
//     static double target_kHz(const Params& params); // what the teacher asks of the true class's neuron
//     static std::optional<Problem> problem(const Params& params, double learning_rate);
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <optional>

#include "sim/core/problem.hpp"
#include "sim/core/types.hpp"

namespace shallows {

/// The exponential trace of a neuron's spikes, in kHz: each adds 1 / tau, so its mean is the firing rate.
struct SpikeTrace {
  double value = 0.0;
  TimeMs at = 0.0;  ///< when it had this value; that of the last spike, if there was one

  /// At a time that is not before the last spike.
  double then(TimeMs time, double tau_ms) const { return value * std::exp(-(time - at) / tau_ms); }
  void spike(TimeMs time, double tau_ms) { *this = {then(time, tau_ms) + 1.0 / tau_ms, time}; }
  /// The same trace as seen from a clock that begins at `time`.
  void restart(TimeMs time, double tau_ms) { *this = {then(time, tau_ms), 0.0}; }
};

struct TraceTaus {
  double pre_ms;
  double post_ms;
};

/// A synapse at one of its events. The traces do not have this event's spike yet.
struct SynapseEvent {
  const SpikeTrace& pre;
  const SpikeTrace& post;
  double target_kHz;
  TimeMs now;
  TimeMs lesson_from;  ///< when learning began

  /// Since when nothing happened at the synapse: its last event, or the begin of the lesson.
  TimeMs quiet_since() const { return std::max({pre.at, post.at, lesson_from}); }
};

/// A rule that needs nothing but the postsynaptic trace at an arrival, for many neurons at once: V is Real,
/// or a compiler vector of them.
template <class Rule, class V>
concept ArrivalRule = requires(const Rule rule, V& weight, const V& target, const V& trace) {
  rule.on_pre(weight, target, trace);
};

/// Any other rule. The weight is in mV.
template <class Rule>
concept EventRule = requires(const Rule rule, double weight, const SynapseEvent& event) {
  { rule.on_pre(weight, event) } -> std::same_as<double>;
  { rule.on_post(weight, event) } -> std::same_as<double>;
  /// At the end of a lesson, which is no event of the synapse.
  { rule.at_end(weight, event) } -> std::same_as<double>;
};

}  // namespace shallows
