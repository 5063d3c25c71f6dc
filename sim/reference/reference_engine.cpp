#include "sim/reference/reference_engine.hpp"

#include <cassert>
#include <utility>

namespace shallows {

ReferenceLayer::ReferenceLayer(Synapses synapses, const LifParams& params, std::vector<double> thresholds_mV,
                               std::vector<double> drives_mV)
    : synapses_(std::move(synapses)),
      params_(params),
      thresholds_mV_(std::move(thresholds_mV)),
      drives_mV_(std::move(drives_mV)) {
  assert(synapses_.targets() == size() && drives_mV_.size() == size());
}

ReferenceLayer::State ReferenceLayer::initial_state(std::span<const double> v_mV) const {
  assert(v_mV.size() == size());
  State state;
  for (const double v : v_mV) state.push_back({.v_mV = v});
  return state;
}

void ReferenceLayer::run(const SpikeTrain& arrivals, TimeMs duration, State& state,
                         SpikeTrain& spikes) const {
  Unordered unordered;
  run_unordered(arrivals, duration, state, unordered);
  order(arrivals, unordered, spikes);
}

void ReferenceLayer::order(const SpikeTrain&, const Unordered& unordered, SpikeTrain& spikes) const {
  spikes = SpikeTrain::from_unsorted(unordered);
}

void ReferenceLayer::run_unordered(const SpikeTrain& arrivals, TimeMs duration, State& state,
                                   Unordered& unordered) const {
  unordered.clear();
  std::vector<double> weight_from(synapses_.source_count);
  std::vector<TimeMs> times;
  std::vector<double> jumps;
  for (NeuronId i = 0; i < size(); ++i) {
    const auto sources = synapses_.sources_of(i);
    const auto weights = synapses_.weights_of(i);
    for (std::size_t s = 0; s < sources.size(); ++s)
      weight_from[sources[s]] = static_cast<double>(weights[s]);
    times.clear();
    jumps.clear();
    for (std::size_t k = 0; k < arrivals.size(); ++k) {
      const double weight = weight_from[arrivals.sources()[k]];
      if (weight == 0.0) continue;  // no synapse
      times.push_back(arrivals.times()[k]);
      jumps.push_back(weight);
    }
    reference::walk_neuron(
        params_, drives_mV_[i], thresholds_mV_[i], times, duration, state[i],
        [&](std::size_t k) { return jumps[k]; },
        [&](TimeMs time) {
          unordered.push_back({time, i});
        });
    for (const NeuronId source : sources) weight_from[source] = 0.0;
  }
}

void ReferenceEngine::add_layer(ReferenceLayer layer, TimeMs delay_ms, std::span<const double> initial_mV) {
  ReferenceLayer::State state = layer.initial_state(initial_mV);
  stages_.push_back({std::move(layer), DelayLine(delay_ms), std::move(state)});
}

std::vector<SpikeTrain> ReferenceEngine::advance(const SpikeTrain& input, TimeMs duration) {
  std::vector<SpikeTrain> spikes(stages_.size());
  SpikeTrain arrivals;
  for (std::size_t l = 0; l < stages_.size(); ++l) {
    stages_[l].line.advance(l == 0 ? input : spikes[l - 1], duration, arrivals);
    stages_[l].layer.run(arrivals, duration, stages_[l].state, spikes[l]);
  }
  return spikes;
}

}  // namespace shallows
