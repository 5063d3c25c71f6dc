#include "sim/reference/reference_engine.hpp"

#include <cassert>
#include <limits>
#include <map>
#include <set>
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

std::size_t ReferenceEngine::add_population(const LifParams& params, std::span<const double> thresholds_mV,
                                            std::span<const double> drives_mV,
                                            std::span<const double> initial_mV) {
  assert(drives_mV.size() == thresholds_mV.size() && initial_mV.size() == thresholds_mV.size());
  Population added{.params = params,
                   .thresholds_mV = {thresholds_mV.begin(), thresholds_mV.end()},
                   .drives_mV = {drives_mV.begin(), drives_mV.end()},
                   .size = thresholds_mV.size()};
  for (const double v : initial_mV) added.states.push_back({.v_mV = v});
  populations_.push_back(std::move(added));
  return populations_.size() - 1;
}

std::size_t ReferenceEngine::add_input(std::size_t size) {
  populations_.push_back({.size = size, .is_input = true});
  return populations_.size() - 1;
}

void ReferenceEngine::connect(std::size_t from, std::size_t to, const Synapses& synapses, TimeMs delay_ms) {
  assert(synapses.source_count == populations_[from].size && synapses.targets() == populations_[to].size);
  assert(!populations_[to].is_input && (delay_ms > 0.0 || from < to));
  Projection added{.from = from,
                   .to = to,
                   .delay_ms = delay_ms,
                   .synapses_of = decltype(Projection::synapses_of)(synapses.source_count)};
  for (NeuronId i = 0; i < synapses.targets(); ++i) {
    for (std::size_t s = 0; s < synapses.sources_of(i).size(); ++s) {
      const auto weight = static_cast<double>(synapses.weights_of(i)[s]);
      if (weight != 0.0) added.synapses_of[synapses.sources_of(i)[s]].push_back({i, weight});
    }
  }
  projections_.push_back(std::move(added));
}

/// The engine on its way through one interval.
class ReferenceEngine::Course {
 public:
  Course(ReferenceEngine& engine, std::span<const SpikeTrain> inputs) : engine_(engine) {
    walks_.resize(engine.populations_.size());
    spikes_.resize(engine.populations_.size());
    queue_.insert(engine.waiting_.begin(), engine.waiting_.end());
    auto input = inputs.begin();
    for (std::size_t p = 0; p < walks_.size(); ++p) {
      const Population& population = engine.populations_[p];
      for (std::size_t i = 0; i < population.states.size(); ++i) {
        walks_[p].emplace_back(population.params, population.drives_mV[i], population.thresholds_mV[i],
                               population.states[i]);
      }
      if (!population.is_input) continue;
      for (std::size_t k = 0; k < input->size(); ++k) emit(p, input->sources()[k], input->times()[k]);
      ++input;
    }
    assert(input == inputs.end());
  }

  std::vector<SpikeTrain> run(TimeMs duration) {
    for (TimeMs now = 0.0; (now = next_instant()) < duration;) {
      for (std::size_t p = 0; p < walks_.size(); ++p) happen(p, now);
    }
    for (std::size_t p = 0; p < walks_.size(); ++p) {
      for (std::size_t i = 0; i < walks_[p].size(); ++i)
        engine_.populations_[p].states[i] = walks_[p][i].leave(duration);
    }
    engine_.waiting_.assign(queue_.begin(), queue_.end());
    for (Arrival& arrival : engine_.waiting_) arrival.time -= duration;
    std::vector<SpikeTrain> trains;
    for (auto& spikes : spikes_) trains.push_back(SpikeTrain::from_unsorted(std::move(spikes)));
    return trains;
  }

 private:
  TimeMs next_instant() const {
    TimeMs next = queue_.empty() ? std::numeric_limits<TimeMs>::infinity() : queue_.begin()->time;
    for (const auto& population : walks_) {
      for (const auto& walk : population) next = std::min(next, walk.next_spike());
    }
    return next;
  }

  void emit(std::size_t population, NeuronId source, TimeMs now) {
    spikes_[population].push_back({now, source});
    for (std::size_t p = 0; p < engine_.projections_.size(); ++p) {
      const Projection& projection = engine_.projections_[p];
      if (projection.from == population) queue_.insert({now + projection.delay_ms, population, source, p});
    }
  }

  void spike(std::size_t population, NeuronId neuron, TimeMs now) {
    walks_[population][neuron].spike(now);
    emit(population, neuron, now);
  }

  /// What happens in a population at an instant.
  void happen(std::size_t population, TimeMs now) {
    auto& walks = walks_[population];
    for (NeuronId i = 0; i < walks.size(); ++i) {
      while (walks[i].next_spike() <= now) spike(population, i, now);
    }
    std::map<NeuronId, std::vector<double>> jumps;
    for (auto it = queue_.begin(); it != queue_.end() && it->time == now;) {
      const Projection& projection = engine_.projections_[it->projection];
      if (projection.to != population) {
        ++it;
        continue;
      }
      for (const Synapse& synapse : projection.synapses_of[it->source])
        jumps[synapse.target].push_back(synapse.weight_mV);
      it = queue_.erase(it);
    }
    for (const auto& [neuron, arriving] : jumps) {
      if (!walks[neuron].meet(now)) continue;
      for (const double jump : arriving) walks[neuron].receive(jump);
      if (walks[neuron].must_spike()) spike(population, neuron, now);
    }
  }

  ReferenceEngine& engine_;
  std::vector<std::vector<reference::NeuronWalk>> walks_;
  std::vector<std::vector<Spike>> spikes_;
  std::multiset<Arrival> queue_;
};

std::vector<SpikeTrain> ReferenceEngine::advance(std::span<const SpikeTrain> inputs, TimeMs duration) {
  return Course(*this, inputs).run(duration);
}

}  // namespace shallows
