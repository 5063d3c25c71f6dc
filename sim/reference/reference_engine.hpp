// The yardstick: exact simulation of leaky integrate-and-fire neurons, one neuron and one event at a time, in
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
#include <compare>
#include <cstddef>
#include <span>
#include <vector>

#include "sim/core/spike_train.hpp"
#include "sim/core/synapses.hpp"
#include "sim/neurons/lif.hpp"
#include "sim/neurons/refractoriness.hpp"

namespace shallows {
namespace reference {

/// One neuron on its way through an interval that begins at 0.
class NeuronWalk {
 public:
  NeuronWalk(const LifParams& params, double drive_mV, double threshold_mV, const LifState& state)
      : params_(params),
        drive_mV_(drive_mV),
        threshold_mV_(threshold_mV),
        v_mV_(state.refractory_left_ms > 0.0 ? params.reset_mV : state.v_mV),
        free_at_(state.refractory_left_ms) {}

  /// When the drive alone makes it spike, if nothing arrives before; infinity if it never does.
  TimeMs next_spike() const {
    return from() + lif::time_to_threshold(v_mV_, drive_mV_, threshold_mV_, params_.tau_ms);
  }
  void spike(TimeMs time) {
    v_mV_ = params_.reset_mV;
    now_ = time;
    free_at_ = time + params_.refractory_ms;
  }
  /// Moves to an instant of arrivals, before which it has spiked whenever it had to. Whether they count.
  bool meet(TimeMs time) {
    move_to(time);
    if (time < counts_from(free_at_)) return false;
    if (free_at_ > time) now_ = free_at_ = time;  // met its end: at the reset, and free
    return true;
  }
  /// An arrival that counts.
  void receive(double jump_mV) { v_mV_ += jump_mV; }
  /// After all arrivals of the instant.
  bool must_spike() const { return v_mV_ >= threshold_mV_; }
  /// At the end of the interval.
  LifState leave(TimeMs duration) {
    move_to(duration);
    return {.v_mV = v_mV_, .refractory_left_ms = refractory_left(free_at_, duration)};
  }

 private:
  TimeMs from() const { return std::max(now_, free_at_); }
  void move_to(TimeMs time) {
    if (free_at_ > time) return;
    v_mV_ = lif::decay(v_mV_, drive_mV_, time - from(), params_.tau_ms);
    now_ = time;
  }

  LifParams params_;
  double drive_mV_;
  double threshold_mV_;
  double v_mV_;       // at now_, valid from free_at_ on
  TimeMs now_ = 0.0;  // time of the last event
  TimeMs free_at_;    // end of refractoriness
};

/// Walks one neuron through [0, duration). `times` are the arrivals in it; jump_of(k) delivers arrival k and
/// returns its voltage jump in mV (it is called for lost arrivals too: plasticity does not sleep);
/// on_spike(t) is told of every spike. `state` moves from 0 to `duration`.
template <class JumpOf, class OnSpike>
void walk_neuron(const LifParams& params, double drive_mV, double threshold_mV, std::span<const TimeMs> times,
                 TimeMs duration, LifState& state, JumpOf&& jump_of, OnSpike&& on_spike) {
  NeuronWalk walk(params, drive_mV, threshold_mV, state);
  const auto spike = [&](TimeMs time) {
    on_spike(time);
    walk.spike(time);
  };
  for (std::size_t k = 0; k < times.size();) {
    const TimeMs time = times[k];
    for (TimeMs next = 0.0; (next = walk.next_spike()) <= time;) spike(next);
    const bool counts = walk.meet(time);
    for (; k < times.size() && times[k] == time; ++k) {
      const double jump = jump_of(k);
      if (counts) walk.receive(jump);
    }
    if (counts && walk.must_spike()) spike(time);
  }
  for (TimeMs next = 0.0; (next = walk.next_spike()) < duration;) spike(next);
  state = walk.leave(duration);
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

/// Any network: populations of neurons and of inputs, and projections between any of them, each with its
/// delay. A projection without a delay leads to a population that was added later than its source.
///
/// Events of one instant t are in this order: populations as they were added, of each the spikes that the
/// drive causes at t, then all arrivals at t, in the order of (source population, source, projection), then
/// the threshold, once. Between events every neuron stands still in the engine, as in a layer, so that a
/// feed-forward network gives the same bits.
class ReferenceEngine {
 public:
  /// Neurons with one threshold (above the reset), drive and initial voltage each; their number.
  std::size_t add_population(const LifParams& params, std::span<const double> thresholds_mV,
                             std::span<const double> drives_mV, std::span<const double> initial_mV);
  /// A population whose spikes are given; its number.
  std::size_t add_input(std::size_t size);
  void connect(std::size_t from, std::size_t to, const Synapses& synapses, TimeMs delay_ms);

  /// Spikes of all populations in [0, duration), given those of the inputs, in the order in which they were
  /// added. A following call continues where this one ended.
  std::vector<SpikeTrain> advance(std::span<const SpikeTrain> inputs, TimeMs duration);

 private:
  struct Population {
    LifParams params = {};
    std::vector<double> thresholds_mV = {};
    std::vector<double> drives_mV = {};
    std::vector<LifState> states = {};
    std::size_t size = 0;
    bool is_input = false;
  };
  struct Synapse {
    NeuronId target;
    double weight_mV;
  };
  struct Projection {
    std::size_t from;
    std::size_t to;
    TimeMs delay_ms;
    std::vector<std::vector<Synapse>> synapses_of;  // each source
  };
  /// A spike on its way along a projection.
  struct Arrival {
    TimeMs time;
    std::size_t from;
    NeuronId source;
    std::size_t projection;
    friend auto operator<=>(const Arrival&, const Arrival&) = default;
  };
  class Course;

  std::vector<Population> populations_;
  std::vector<Projection> projections_;
  std::vector<Arrival> waiting_;  // times since the start of the next interval
};

}  // namespace shallows
