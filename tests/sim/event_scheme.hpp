// The released code's scheme, written from its description (Illing et al. 2019,
// lifintegrator): one queue of arrivals for the whole network; the next event is the earliest of all threshold
// crossings, arrivals and ends of refractoriness; every event moves every voltage. O(N) per event, but it
// shares nothing with our engines: neither the walk neuron by neuron nor the functions of
// sim/neurons/lif.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <queue>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/sim/layer/layer_cases.hpp"

namespace shallows {

class EventScheme {
 public:
  void add_layer(const LayerCase& layer, TimeMs delay_ms) {
    Layer made{.data = layer, .delay_ms = delay_ms, .v = layer.initial_mV, .free_at = {}, .spikes = {}};
    made.free_at.assign(made.v.size(), 0.0);
    layers_.push_back(std::move(made));
  }

  /// Spikes of each layer in [0, duration).
  std::vector<SpikeTrain> run(const SpikeTrain& input, TimeMs duration) {
    for (std::size_t k = 0; k < input.size(); ++k) emit(0, input.times()[k], input.sources()[k]);
    for (TimeMs now = 0.0;;) {
      const TimeMs next = std::min(next_from_neurons(now), queue_.empty() ? kNever : queue_.top().time);
      if (next >= duration) break;
      move_all(now, next);
      now = next;
      for (std::size_t l = 0; l < layers_.size(); ++l) happen(l, now);
    }
    std::vector<SpikeTrain> trains;
    for (Layer& layer : layers_) trains.push_back(SpikeTrain::from_unsorted(std::move(layer.spikes)));
    return trains;
  }

 private:
  static constexpr TimeMs kNever = std::numeric_limits<TimeMs>::infinity();

  struct Layer {
    LayerCase data;
    TimeMs delay_ms;
    std::vector<double> v;
    std::vector<TimeMs> free_at;
    std::vector<Spike> spikes;
  };
  struct Arrival {
    TimeMs time;
    std::size_t layer;
    NeuronId source;
    bool operator<(const Arrival& other) const {  // the queue's top is its largest
      return std::tie(time, layer, source) > std::tie(other.time, other.layer, other.source);
    }
  };

  void emit(std::size_t layer, TimeMs time, NeuronId source) {
    if (layer < layers_.size()) queue_.push({time + layers_[layer].delay_ms, layer, source});
  }

  /// The released formula: t + tau ln((I - v) / (I - theta)).
  TimeMs crossing(const Layer& layer, std::size_t i, TimeMs now) const {
    const double theta = layer.data.thresholds_mV[i];
    const double drive = layer.data.drives_mV[i];
    if (drive <= theta) return kNever;
    return now + layer.data.params.tau_ms * std::log((drive - layer.v[i]) / (drive - theta));
  }

  TimeMs next_from_neurons(TimeMs now) const {
    TimeMs next = kNever;
    for (const Layer& layer : layers_) {
      for (std::size_t i = 0; i < layer.v.size(); ++i) {
        next = std::min(next, layer.free_at[i] > now ? layer.free_at[i] : crossing(layer, i, now));
      }
    }
    return next;
  }

  void move_all(TimeMs from, TimeMs to) {
    for (Layer& layer : layers_) {
      for (std::size_t i = 0; i < layer.v.size(); ++i) {
        if (layer.free_at[i] > from) continue;  // held at the reset
        const double fade = std::exp(-(to - from) / layer.data.params.tau_ms);
        layer.v[i] = layer.v[i] * fade + layer.data.drives_mV[i] * (1.0 - fade);
      }
    }
  }

  /// What happens in a layer now: spikes from the drive, all arrivals of this instant, spikes from those.
  void happen(std::size_t l, TimeMs now) {
    Layer& layer = layers_[l];
    for (NeuronId i = 0; i < layer.v.size(); ++i) {
      if (layer.free_at[i] <= now && crossing(layer, i, now) <= now + 1e-12) spike(l, i, now);
    }
    bool any = false;
    while (!queue_.empty() && queue_.top().time == now && queue_.top().layer == l) {
      deliver(layer, queue_.top().source, now);
      queue_.pop();
      any = true;
    }
    if (!any) return;
    for (NeuronId i = 0; i < layer.v.size(); ++i) {
      if (layer.free_at[i] <= now && layer.v[i] >= layer.data.thresholds_mV[i]) spike(l, i, now);
    }
  }

  static void deliver(Layer& layer, NeuronId source, TimeMs now) {
    for (std::size_t i = 0; i < layer.v.size(); ++i) {
      if (layer.free_at[i] > now) continue;
      const auto sources = layer.data.synapses.sources_of(i);
      for (std::size_t s = 0; s < sources.size(); ++s) {
        if (sources[s] == source) layer.v[i] += static_cast<double>(layer.data.synapses.weights_of(i)[s]);
      }
    }
  }

  void spike(std::size_t l, NeuronId i, TimeMs now) {
    Layer& layer = layers_[l];
    layer.spikes.push_back({now, i});
    layer.v[i] = layer.data.params.reset_mV;
    layer.free_at[i] = now + layer.data.params.refractory_ms;
    emit(l + 1, now, i);
  }

  std::vector<Layer> layers_;
  std::priority_queue<Arrival> queue_;
};

}  // namespace shallows
