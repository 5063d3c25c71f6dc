// The spiking network for one choice of engines: Hidden is LifLayer<Real> or ReferenceLayer, Readout is
// SpikingReadout<Real> or ReferenceReadout. Private to models/.
#pragma once

#include <tbb/concurrent_queue.h>
#include <tbb/parallel_pipeline.h>

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "encoders/current_encoder.hpp"
#include "models/presentation.hpp"
#include "models/spiking/spiking_network.hpp"
#include "models/spiking/spiking_readout.hpp"
#include "sim/core/delay_line.hpp"

namespace shallows {

template <class Hidden, class Readout>
class SpikingStages {
 public:
  struct State {
    struct Layer {
      DelayLine line;  // to it
      typename Hidden::State neurons;
    };
    CurrentEncoder::State input;
    std::vector<Layer> layers;
    DelayLine to_readout;
    typename Readout::State readout;
  };

  /// `fan_out` are the synapses that each neuron makes in each hidden layer.
  SpikingStages(const SpikingParams& params, CurrentEncoder encoder, std::vector<Hidden> layers,
                Readout readout, std::vector<std::vector<std::uint32_t>> fan_out, std::size_t classes)
      : params_(params),
        encoder_(std::move(encoder)),
        layers_(std::move(layers)),
        readout_(std::move(readout)),
        fan_out_(std::move(fan_out)),
        classes_(classes) {}

  /// Voltages of all populations, in their order.
  State initial_state(std::span<const std::vector<double>> v_mV) const {
    CurrentEncoder::State input;
    for (const double v : v_mV.front()) input.push_back({.v_mV = v});
    std::vector<typename State::Layer> layers;
    for (std::size_t l = 0; l < layers_.size(); ++l)
      layers.push_back({DelayLine(params_.delay_ms), layers_[l].initial_state(v_mV[l + 1])});
    return {std::move(input), std::move(layers), DelayLine(params_.delay_ms),
            readout_.initial_state(v_mV.back())};
  }

  void learn(std::span<const Presentation> presentations, std::span<Activity> activities, State& state,
             const State& initial) {
    // While the readout learns from image k, the spikes of the hidden layer are ordered for image k + 1, and
    // the hidden layer is at image k + 2: learning changes nothing upstream. With more layers so many more
    // are on their way. Even more images in flight would not stay in the cache.
    const std::size_t in_flight = 2 * layers_.size() + 1;
    struct Slot {
      std::size_t image;
      Workspace memory;
    };
    std::vector<Slot> slots(in_flight);
    const ProtocolParams& protocol = params_.protocol;
    const TimeMs duration = protocol.transient_ms + protocol.learning_ms;
    std::size_t next = 0;
    const auto input = [&](tbb::flow_control& control) -> Slot* {
      if (next == presentations.size()) {
        control.stop();
        return nullptr;
      }
      Slot& slot = slots[next % in_flight];
      slot.image = next++;
      if (!protocol.carry_over) {
        state.input = initial.input;
        state.layers.front().line = initial.layers.front().line;
      }
      encode(presentations[slot.image].image, duration, state, activities[slot.image], slot.memory.arrivals);
      return &slot;
    };
    const auto readout = [&](Slot* slot) {
      if (!protocol.carry_over) state.readout = initial.readout;
      const Presentation& shown = presentations[slot->image];
      readout_.learn(
          slot->memory.arrivals, duration,
          {.from = protocol.transient_ms, .label = shown.label, .learning_rate = shown.learning_rate},
          state.readout, activities[slot->image].trains.back());
    };
    constexpr auto kInOrder = tbb::filter_mode::serial_in_order;
    tbb::filter<void, Slot*> stages = tbb::make_filter<void, Slot*>(kInOrder, input);
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      stages = stages & tbb::make_filter<Slot*, Slot*>(kInOrder, [&, l](Slot* slot) {
                 if (!protocol.carry_over) state.layers[l].neurons = initial.layers[l].neurons;
                 run(l, duration, slot->memory, state);
                 return slot;
               });
      stages = stages & tbb::make_filter<Slot*, Slot*>(kInOrder, [&, l](Slot* slot) {
                 if (!protocol.carry_over) line_after(l, state) = line_after(l, initial);
                 order(l, duration, slot->memory, state, activities[slot->image]);
                 return slot;
               });
    }
    tbb::parallel_pipeline(in_flight, stages & tbb::make_filter<Slot*, void>(kInOrder, readout));
  }

  Response respond(const Image& image, State& state, Activity& activity) const {
    const ProtocolParams& protocol = params_.protocol;
    std::unique_ptr<Workspace> memory;
    if (!spare_.try_pop(memory)) memory = std::make_unique<Workspace>();
    encode(image, protocol.test_ms, state, activity, memory->arrivals);
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      run(l, protocol.test_ms, *memory, state);
      order(l, protocol.test_ms, *memory, state, activity);
    }
    SpikeTrain& spikes = activity.trains.back();
    readout_.respond(memory->arrivals, protocol.test_ms, state.readout, spikes);
    spare_.push(std::move(memory));
    Response response{.kind = ScoreKind::spike_count, .scores = std::vector<float>(classes_, 0.0F)};
    for (std::size_t k = 0; k < spikes.size(); ++k) {
      const Spike spike = spikes[k];
      if (spike.time >= protocol.test_ms - protocol.count_ms) response.scores[spike.source] += 1.0F;
    }
    response.predicted = first_maximum(response.scores);
    return response;
  }

  Readout& readout() { return readout_; }
  const Readout& readout() const { return readout_; }

 private:
  struct Workspace {
    SpikeTrain arrivals;  // at one hidden layer after the other, then at the readout
    typename Hidden::Unordered spikes;
  };

  /// The delay line out of hidden layer `l`.
  template <class AnyState>
  static auto& line_after(std::size_t l, AnyState& state) {
    return l + 1 < state.layers.size() ? state.layers[l + 1].line : state.to_readout;
  }

  /// Pixels to the spikes that arrive at the first hidden layer.
  void encode(const Image& image, TimeMs duration, State& state, Activity& activity,
              SpikeTrain& arrivals) const {
    activity.trains.resize(layers_.size() + 2);
    encoder_.encode(image, duration, state.input, activity.trains.front());
    state.layers.front().line.advance(activity.trains.front(), duration, arrivals);
    activity.synaptic_events = 0;
    for (const NeuronId source : arrivals.sources()) activity.synaptic_events += fan_out_.front()[source];
  }

  void run(std::size_t l, TimeMs duration, Workspace& memory, State& state) const {
    layers_[l].run_unordered(memory.arrivals, duration, state.layers[l].neurons, memory.spikes);
  }

  /// Arrivals at hidden layer `l`, and what it made of them, to arrivals at the next one or at the readout.
  void order(std::size_t l, TimeMs duration, Workspace& memory, State& state, Activity& activity) const {
    SpikeTrain& train = activity.trains[l + 1];
    layers_[l].order(memory.arrivals, memory.spikes, train);
    line_after(l, state).advance(train, duration, memory.arrivals);
    if (l + 1 == layers_.size()) {
      activity.synaptic_events += memory.arrivals.size() * classes_;
    } else {
      for (const NeuronId source : memory.arrivals.sources())
        activity.synaptic_events += fan_out_[l + 1][source];
    }
  }

  SpikingParams params_;
  CurrentEncoder encoder_;
  std::vector<Hidden> layers_;
  Readout readout_;
  std::vector<std::vector<std::uint32_t>> fan_out_;
  std::size_t classes_;
  mutable tbb::concurrent_queue<std::unique_ptr<Workspace>> spare_;  // from presentation to presentation
};

}  // namespace shallows
