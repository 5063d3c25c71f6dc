// The spiking shallow network of Illing, Gerstner and Brea (2019): pixels -> LIF input population -> LIF
// hidden layer with a fixed bank of receptive fields -> LIF readout that learns by teacher-signal STDP. There
// may be any number of hidden layers in a row.
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
#include "sim/core/synapses.hpp"

namespace shallows {

/// What happened during one presentation; times in ms since its start.
struct Activity {
  /// One for each population of the network, in its order; none of a network without spikes.
  std::vector<SpikeTrain> trains = {};
  /// Spikes that arrived at existing synapses, of all layers together.
  std::uint64_t synaptic_events = 0;

  const SpikeTrain& input() const { return trains.front(); }
  /// Of the first hidden layer, or of the one after so many others.
  const SpikeTrain& hidden(std::size_t layer = 0) const { return trains[layer + 1]; }
  const SpikeTrain& readout() const { return trains.back(); }
};

/// A hidden layer: LIF neurons with fixed synapses from the population before.
struct SpikingLayer {
  std::string name;   ///< of its population
  Synapses synapses;  ///< one target per neuron
  double bias_mV;     ///< constant drive
};

/// One threshold per neuron, drawn once: of the input, of each hidden layer, of the readout.
using Thresholds = std::vector<std::vector<double>>;

/// `sizes` of the populations, in that order.
Thresholds draw_thresholds(const ThresholdParams& params, std::span<const std::size_t> sizes,
                           std::uint64_t seed);

/// For messages: the keys that the fast engine needs, and their values.
std::string fast_engine_needs();

class SpikingNetwork {
 public:
  /// At least one hidden layer, the first of which sees the input population. Initial voltages and readout
  /// weights are drawn from `seed`. Throws Error (configuration) if the fast engine is asked for where it
  /// does not apply.
  SpikingNetwork(const SpikingParams& params, std::vector<SpikingLayer> layers, Thresholds thresholds,
                 std::uint64_t seed);
  /// With one hidden layer, "hidden", whose weights in mV `bank` holds.
  SpikingNetwork(const SpikingParams& params, const ReceptiveFields& bank, Thresholds thresholds,
                 std::uint64_t seed);
  ~SpikingNetwork();
  SpikingNetwork(SpikingNetwork&&) noexcept;
  SpikingNetwork& operator=(SpikingNetwork&&) noexcept;

  /// "input", the hidden layers' names, "readout".
  const std::vector<std::string>& populations() const;
  /// Neurons of a population.
  std::size_t size(std::size_t population) const;
  std::size_t inputs() const { return size(0); }
  /// Neurons of the last hidden layer, which the readout sees.
  std::size_t hidden() const { return size(populations().size() - 2); }
  std::size_t classes() const { return size(populations().size() - 1); }
  /// How long a training presentation lasts before learning begins.
  TimeMs transient_ms() const;
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

/// The thresholds stored by arrays() of a network with these populations; throws Error (data).
Thresholds stored_thresholds(std::span<const NamedArray> arrays, std::span<const std::string> populations,
                             std::span<const std::size_t> sizes);

}  // namespace shallows
