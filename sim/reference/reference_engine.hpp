// The yardstick: exact simulation of leaky integrate-and-fire layers, one neuron and one event at a time, in
// double precision. Written to be read and believed, not to be fast.
//
// In a feed-forward network a neuron's fate depends on the arrivals at it and on nothing else, so each neuron
// is walked through the whole interval on its own. The order of events at one instant t:
//   1. a neuron whose drive lifts it to threshold exactly at t spikes;
//   2. all spikes that arrive at t are delivered, in the order of their source;
//   3. then the threshold is tested, once: v >= theta spikes.
// Arrivals during refractoriness [t_spike, t_spike + refractory) are lost; sim/neurons/refractoriness.hpp
// says when an arrival meets its end.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "sim/core/delay_line.hpp"
#include "sim/core/spike_train.hpp"
#include "sim/core/synapses.hpp"
#include "sim/neurons/lif.hpp"
#include "sim/neurons/refractoriness.hpp"

namespace shallows {
namespace reference {

/// Walks one neuron through [0, duration). `times` are the arrivals in it; jump_of(k) delivers arrival k and
/// returns its voltage jump in mV (it is called for lost arrivals too: plasticity does not sleep);
/// on_spike(t) is told of every spike. `state` moves from 0 to `duration`.
template <class JumpOf, class OnSpike>
void walk_neuron(const LifParams& params, double drive_mV, double threshold_mV, std::span<const TimeMs> times,
                 TimeMs duration, LifState& state, JumpOf&& jump_of, OnSpike&& on_spike) {
  double v = state.v_mV;                      // voltage at `now`, valid from free_at on
  TimeMs now = 0.0;                           // time of the last event
  TimeMs free_at = state.refractory_left_ms;  // end of refractoriness
  if (free_at > 0.0) v = params.reset_mV;
  const auto spike = [&](TimeMs time) {
    on_spike(time);
    v = params.reset_mV;
    now = time;
    free_at = time + params.refractory_ms;
  };
  // Moves to `time`, with the spikes that the drive alone causes up to and including it.
  const auto integrate_to = [&](TimeMs time, bool including) {
    while (free_at <= time) {
      now = std::max(now, free_at);
      const TimeMs crossing = now + lif::time_to_threshold(v, drive_mV, threshold_mV, params.tau_ms);
      if (crossing > time || (!including && crossing == time)) break;
      spike(crossing);
    }
    if (free_at > time) return;
    v = lif::decay(v, drive_mV, time - now, params.tau_ms);
    now = time;
  };
  for (std::size_t k = 0; k < times.size();) {
    const TimeMs time = times[k];
    integrate_to(time, true);
    const bool refractory = time < counts_from(free_at);
    if (!refractory && free_at > time) now = free_at = time;  // met its end: at the reset, and free
    for (; k < times.size() && times[k] == time; ++k) {
      const double jump = jump_of(k);
      if (!refractory) v += jump;
    }
    if (!refractory && v >= threshold_mV) spike(time);
  }
  integrate_to(duration, false);
  state = {.v_mV = v, .refractory_left_ms = refractory_left(free_at, duration)};
}

}  // namespace reference

/// One layer of the reference engine.
class ReferenceLayer {
 public:
  using State = std::vector<LifState>;
  using Unordered = std::vector<Spike>;

  /// One threshold (above the reset) and one constant drive per target of `synapses`.
  ReferenceLayer(Synapses synapses, const LifParams& params, std::vector<double> thresholds_mV,
                 std::vector<double> drives_mV);

  std::size_t size() const { return thresholds_mV_.size(); }
  State initial_state(std::span<const double> v_mV) const;

  /// Spikes of the layer in [0, duration), given the arrivals in it; `state` moves from 0 to `duration`.
  void run(const SpikeTrain& arrivals, TimeMs duration, State& state, SpikeTrain& spikes) const;

  /// The two parts of run(), as LifLayer has them.
  void run_unordered(const SpikeTrain& arrivals, TimeMs duration, State& state, Unordered& unordered) const;
  void order(const SpikeTrain& arrivals, const Unordered& unordered, SpikeTrain& spikes) const;

 private:
  Synapses synapses_;
  LifParams params_;
  std::vector<double> thresholds_mV_;
  std::vector<double> drives_mV_;
};

/// Any number of layers in a row, each with its own delay.
class ReferenceEngine {
 public:
  /// `initial_mV` holds one voltage per neuron.
  void add_layer(ReferenceLayer layer, TimeMs delay_ms, std::span<const double> initial_mV);

  /// Lets the input train of [0, duration) pass through all layers; returns each layer's spikes. A following
  /// call continues where this one ended.
  std::vector<SpikeTrain> advance(const SpikeTrain& input, TimeMs duration);

 private:
  struct Stage {
    ReferenceLayer layer;
    DelayLine line;
    ReferenceLayer::State state;
  };
  std::vector<Stage> stages_;
};

}  // namespace shallows
