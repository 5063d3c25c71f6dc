// The spiking shallow network of Illing, Gerstner and Brea (2019): pixels -> LIF input population -> LIF
// hidden layer with a fixed bank of receptive fields -> LIF readout that learns by teacher-signal STDP.
//
// A presentation is feed-forward, so each population is simulated for the whole presentation before the next
// one.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "encoders/receptive_fields.hpp"
#include "models/presentation.hpp"
#include "models/response.hpp"
#include "models/spiking/spiking_params.hpp"
#include "sim/core/named_array.hpp"
#include "sim/core/spike_train.hpp"

namespace shallows {

/// What happened during one presentation; times in ms since its start.
struct Activity {
  SpikeTrain input;
  SpikeTrain hidden;
  SpikeTrain readout;
  /// Spikes that arrived at existing synapses, hidden and readout layer together.
  std::uint64_t synaptic_events = 0;
};

/// One threshold per neuron, drawn once.
struct Thresholds {
  std::vector<double> input_mV;
  std::vector<double> hidden_mV;
  std::vector<double> readout_mV;
};

Thresholds draw_thresholds(const ThresholdParams& params, std::size_t inputs, std::size_t hidden,
                           std::size_t classes, std::uint64_t seed);

/// For messages: the keys that the fast engine needs, and their values.
std::string fast_engine_needs();

class SpikingNetwork {
 public:
  /// `bank` holds the hidden layer's weights in mV. Initial voltages and readout weights are drawn from
  /// `seed`. Throws Error (configuration) if the fast engine is asked for where it does not apply.
  SpikingNetwork(const SpikingParams& params, const ReceptiveFields& bank, Thresholds thresholds,
                 std::uint64_t seed);
  ~SpikingNetwork();
  SpikingNetwork(SpikingNetwork&&) noexcept;
  SpikingNetwork& operator=(SpikingNetwork&&) noexcept;

  std::size_t inputs() const;
  std::size_t hidden() const;
  std::size_t classes() const;
  /// The engine in use: "fast float", "fast double" or "reference".
  const char* engine() const;

  /// Shows the images one after the other, learning from each; `activities` (as many) receive what happened.
  /// Stages of successive images overlap on the available threads; the result does not depend on how.
  void learn(std::span<const Presentation> presentations, std::span<Activity> activities);

  /// A test presentation from the fixed initial state. Does not learn; may be called from many threads.
  Response respond(const Image& image, Activity& activity) const;

  /// Test presentations that hand their state on, as in the released code. Starts where training stopped; the
  /// network must outlive it.
  class TestSequence;
  TestSequence test_sequence() const;

  /// Parameters and state, enough to go on to the same bits, and nothing else: thresholds/*,
  /// weights/readout/final, state/*.
  std::vector<NamedArray> arrays() const;
  /// What a training that begins now starts from, and every test image unless tests hand their state on;
  /// named as in its file: weights/readout/initial, initial/state/*, test/state/*.
  std::vector<NamedArray> initial_arrays() const;
  /// Takes back what arrays() gave. All or nothing; throws Error (data).
  void restore(std::span<const NamedArray> arrays);
  /// Takes the weights alone, of any engine and precision, and keeps the state: enough to respond(), not to
  /// go on learning or for a test_sequence(). Throws Error (data).
  void restore_weights(std::span<const NamedArray> arrays);

  struct Impl;  ///< one implementation for each engine

 private:
  std::unique_ptr<Impl> impl_;
};

class SpikingNetwork::TestSequence {
 public:
  ~TestSequence();
  TestSequence(TestSequence&&) noexcept;

  Response respond(const Image& image, Activity& activity);

 private:
  friend class SpikingNetwork;
  struct State;
  explicit TestSequence(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The thresholds stored by arrays() of a network of these sizes; throws Error (data).
Thresholds stored_thresholds(std::span<const NamedArray> arrays, std::size_t inputs, std::size_t hidden,
                             std::size_t classes);

}  // namespace shallows
