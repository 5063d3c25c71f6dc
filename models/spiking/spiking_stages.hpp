// The spiking network for one choice of engines: Hidden is LifLayer<Real> or ReferenceLayer, Readout is
// SpikingReadout<Real> or ReferenceReadout. Private to models/.
#pragma once

#include <tbb/concurrent_queue.h>
#include <tbb/parallel_pipeline.h>

#include <array>
#include <memory>
#include <span>
#include <utility>

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
    CurrentEncoder::State input;
    DelayLine to_hidden;
    typename Hidden::State hidden;
    DelayLine to_readout;
    typename Readout::State readout;
  };

  SpikingStages(const SpikingParams& params, CurrentEncoder encoder, Hidden hidden, Readout readout,
                std::vector<std::uint32_t> fan_out, std::size_t classes)
      : params_(params),
        encoder_(std::move(encoder)),
        hidden_(std::move(hidden)),
        readout_(std::move(readout)),
        fan_out_(std::move(fan_out)),
        classes_(classes) {}

  State initial_state(std::span<const double> input_mV, std::span<const double> hidden_mV,
                      std::span<const double> readout_mV) const {
    CurrentEncoder::State input;
    for (const double v : input_mV) input.push_back({.v_mV = v});
    return {std::move(input), DelayLine(params_.delay_ms), hidden_.initial_state(hidden_mV),
            DelayLine(params_.delay_ms), readout_.initial_state(readout_mV)};
  }

  void learn(std::span<const Presentation> presentations, std::span<Activity> activities, State& state,
             const State& initial) {
    // While the readout learns from image k, the spikes of the hidden layer are ordered for image k + 1, and
    // the hidden layer is at image k + 2: learning changes nothing upstream. More images in flight would not
    // stay in the cache.
    constexpr std::size_t kInFlight = 3;
    struct Slot {
      std::size_t image;
      Workspace memory;
    };
    std::array<Slot, kInFlight> slots;
    const ProtocolParams& protocol = params_.protocol;
    const TimeMs duration = protocol.transient_ms + protocol.learning_ms;
    std::size_t next = 0;
    const auto input = [&](tbb::flow_control& control) -> Slot* {
      if (next == presentations.size()) {
        control.stop();
        return nullptr;
      }
      Slot& slot = slots[next % kInFlight];
      slot.image = next++;
      if (!protocol.carry_over) {
        state.input = initial.input;
        state.to_hidden = initial.to_hidden;
      }
      encode(presentations[slot.image].image, duration, state, activities[slot.image], slot.memory.arrivals);
      return &slot;
    };
    const auto hidden = [&](Slot* slot) {
      if (!protocol.carry_over) state.hidden = initial.hidden;
      hidden_.run_unordered(slot->memory.arrivals, duration, state.hidden, slot->memory.hidden);
      return slot;
    };
    const auto ordering = [&](Slot* slot) {
      if (!protocol.carry_over) state.to_readout = initial.to_readout;
      order(duration, slot->memory, state, activities[slot->image]);
      return slot;
    };
    const auto readout = [&](Slot* slot) {
      if (!protocol.carry_over) state.readout = initial.readout;
      const Presentation& shown = presentations[slot->image];
      readout_.learn(
          slot->memory.arrivals, duration,
          {.from = protocol.transient_ms, .label = shown.label, .learning_rate = shown.learning_rate},
          state.readout, activities[slot->image].readout);
    };
    constexpr auto kInOrder = tbb::filter_mode::serial_in_order;
    tbb::parallel_pipeline(kInFlight, tbb::make_filter<void, Slot*>(kInOrder, input) &
                                          tbb::make_filter<Slot*, Slot*>(kInOrder, hidden) &
                                          tbb::make_filter<Slot*, Slot*>(kInOrder, ordering) &
                                          tbb::make_filter<Slot*, void>(kInOrder, readout));
  }

  Response respond(const Image& image, State& state, Activity& activity) const {
    const ProtocolParams& protocol = params_.protocol;
    std::unique_ptr<Workspace> memory;
    if (!spare_.try_pop(memory)) memory = std::make_unique<Workspace>();
    encode(image, protocol.test_ms, state, activity, memory->arrivals);
    hidden_.run_unordered(memory->arrivals, protocol.test_ms, state.hidden, memory->hidden);
    order(protocol.test_ms, *memory, state, activity);
    readout_.respond(memory->arrivals, protocol.test_ms, state.readout, activity.readout);
    spare_.push(std::move(memory));
    Response response{.kind = ScoreKind::spike_count, .scores = std::vector<float>(classes_, 0.0F)};
    for (std::size_t k = 0; k < activity.readout.size(); ++k) {
      const Spike spike = activity.readout[k];
      if (spike.time >= protocol.test_ms - protocol.count_ms) response.scores[spike.source] += 1.0F;
    }
    response.predicted = first_maximum(response.scores);
    return response;
  }

  const Hidden& hidden() const { return hidden_; }
  Readout& readout() { return readout_; }
  const Readout& readout() const { return readout_; }

 private:
  struct Workspace {
    SpikeTrain arrivals;  // at the hidden layer, then at the readout
    typename Hidden::Unordered hidden;
  };

  /// Pixels to the spikes that arrive at the hidden layer.
  void encode(const Image& image, TimeMs duration, State& state, Activity& activity,
              SpikeTrain& arrivals) const {
    encoder_.encode(image, duration, state.input, activity.input);
    state.to_hidden.advance(activity.input, duration, arrivals);
    activity.synaptic_events = 0;
    for (const NeuronId source : arrivals.sources()) activity.synaptic_events += fan_out_[source];
  }

  /// Arrivals at the hidden layer, and what it made of them, to arrivals at the readout.
  void order(TimeMs duration, Workspace& memory, State& state, Activity& activity) const {
    hidden_.order(memory.arrivals, memory.hidden, activity.hidden);
    state.to_readout.advance(activity.hidden, duration, memory.arrivals);
    activity.synaptic_events += memory.arrivals.size() * classes_;
  }

  SpikingParams params_;
  CurrentEncoder encoder_;
  Hidden hidden_;
  Readout readout_;
  std::vector<std::uint32_t> fan_out_;
  std::size_t classes_;
  mutable tbb::concurrent_queue<std::unique_ptr<Workspace>> spare_;  // from presentation to presentation
};

}  // namespace shallows
