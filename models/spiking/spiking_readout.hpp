// The readout population of the spiking network: LIF neurons whose weights learn by teacher-signal STDP.
//
// The fast path keeps 16 readout neurons as lanes of vector registers and walks the arrivals in their order,
// in the un-decayed frame (sim/layer/lif_kernel.hpp). Arrivals of one instant are delivered and learned from
// one by one; then the threshold is tested once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "models/spiking/spiking_params.hpp"
#include "sim/core/aligned_vector.hpp"
#include "sim/core/named_array.hpp"
#include "sim/core/spike_train.hpp"

namespace shallows {

/// What the teacher says during a presentation.
struct Lesson {
  TimeMs from;  ///< learning is on for arrivals at or after this time
  std::uint8_t label;
  double learning_rate;
};

/// Structure shared by both readouts.
struct ReadoutShape {
  std::size_t inputs = 0;
  std::vector<double> thresholds_mV;  ///< one per class

  std::size_t classes() const { return thresholds_mV.size(); }
};

template <class Real>
class SpikingReadout {
 public:
  struct State {
    AlignedVector<Real> u;                   ///< v - I in mV, at the start of the next interval; padded
    std::vector<TimeMs> refractory_left_ms;  ///< as LifLayer::State's
    AlignedVector<Real> trace;               ///< spike trace in kHz
    /// Of the inputs, in kHz; only for rules that act at all events.
    std::vector<double> pre_trace;
  };

  static bool applies(const SpikingParams& params, std::span<const double> thresholds_mV);

  /// `weights_mV` is [class][input].
  SpikingReadout(const SpikingParams& params, ReadoutShape shape, std::span<const double> weights_mV);

  State initial_state(std::span<const double> v_mV) const;

  /// The readout's spikes in [0, duration); `state` moves from 0 to `duration`. With a lesson, the weights
  /// learn.
  void learn(const SpikeTrain& arrivals, TimeMs duration, const Lesson& lesson, State& state,
             SpikeTrain& spikes);
  void respond(const SpikeTrain& arrivals, TimeMs duration, State& state, SpikeTrain& spikes) const;

  /// [class][input], in mV.
  std::vector<Real> weights() const;
  void set_weights(std::span<const Real> weights_mV);

  void save(const State& state, std::vector<NamedArray>& arrays) const;
  void load(std::span<const NamedArray> arrays, State& state) const;

 private:
  bool keeps_pre_traces() const { return acts_at_all_events(params_.rule); }
  /// All groups of lanes. With a lesson, `learning` are the weights that may change: this readout's own.
  void run(const SpikeTrain& arrivals, TimeMs duration, const Lesson* lesson, Real* learning, State& state,
           SpikeTrain& spikes) const;

  SpikingReadoutParams params_;
  LifParams neuron_;
  ReadoutShape shape_;
  std::size_t stride_;           // classes, padded to whole groups of lanes
  AlignedVector<Real> weights_;  // [input][stride]
};

/// The traces of the inputs as an array of the state, if there are any, and back.
void save_pre_traces(const std::vector<double>& traces, std::vector<NamedArray>& arrays);
std::vector<double> stored_pre_traces(std::span<const NamedArray> arrays, std::size_t inputs);

/// The same by the reference walk, in double precision, with any drive.
class ReferenceReadout {
 public:
  struct State {
    std::vector<LifState> neurons;
    std::vector<double> trace;      ///< kHz
    std::vector<double> pre_trace;  ///< as SpikingReadout::State's
  };

  ReferenceReadout(const SpikingParams& params, ReadoutShape shape, std::span<const double> weights_mV);

  State initial_state(std::span<const double> v_mV) const;
  void learn(const SpikeTrain& arrivals, TimeMs duration, const Lesson& lesson, State& state,
             SpikeTrain& spikes);
  void respond(const SpikeTrain& arrivals, TimeMs duration, State& state, SpikeTrain& spikes) const;
  const std::vector<double>& weights() const { return weights_; }
  void set_weights(std::span<const double> weights_mV) {
    weights_.assign(weights_mV.begin(), weights_mV.end());
  }
  void save(const State& state, std::vector<NamedArray>& arrays) const;
  void load(std::span<const NamedArray> arrays, State& state) const;

 private:
  bool keeps_pre_traces() const { return acts_at_all_events(params_.rule); }
  // What is told of the events of one neuron after the other.
  struct Watcher;
  template <class Rule>
  struct ArrivalLearner;
  template <class Rule>
  struct EventLearner;

  template <class Watch>
  void walk(const SpikeTrain& arrivals, TimeMs duration, State& state, SpikeTrain& spikes,
            Watch&& watch) const;
  double& weight(NeuronId neuron, std::size_t input) { return weights_[neuron * shape_.inputs + input]; }
  double target(NeuronId neuron, const Lesson& lesson) const {
    return neuron == lesson.label ? target_kHz(params_.rule) : 0.0;
  }

  SpikingReadoutParams params_;
  LifParams neuron_;
  ReadoutShape shape_;
  std::vector<double> weights_;  // [class][input]
};

}  // namespace shallows
