// How far two spike trains agree.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "sim/core/spike_train.hpp"
#include "sim/neurons/refractoriness.hpp"

namespace shallows {

inline SpikeTrain train(std::vector<Spike> spikes) { return SpikeTrain::from_unsorted(std::move(spikes)); }

inline std::map<NeuronId, std::vector<TimeMs>> by_neuron(const SpikeTrain& train) {
  std::map<NeuronId, std::vector<TimeMs>> times;
  for (std::size_t k = 0; k < train.size(); ++k) times[train.sources()[k]].push_back(train.times()[k]);
  return times;
}

/// Number of spikes that can be paired with a spike of the same neuron in the other train, at most
/// `tolerance` away; every spike in at most one pair.
inline std::size_t matched_spikes(const SpikeTrain& a, const SpikeTrain& b, TimeMs tolerance) {
  const auto others = by_neuron(b);
  std::size_t matched = 0;
  for (const auto& [neuron, times] : by_neuron(a)) {
    const auto found = others.find(neuron);
    if (found == others.end()) continue;
    auto other = found->second.begin();
    for (const TimeMs time : times) {
      while (other != found->second.end() && *other < time - tolerance) ++other;
      if (other == found->second.end()) break;
      if (*other > time + tolerance) continue;
      ++matched;
      ++other;
    }
  }
  return matched;
}

/// The largest distance between the k-th spikes of a neuron in the two trains; infinity if a neuron has not
/// as many in both.
inline TimeMs largest_distance(const SpikeTrain& a, const SpikeTrain& b) {
  const auto of_a = by_neuron(a);
  const auto of_b = by_neuron(b);
  if (of_a.size() != of_b.size()) return INFINITY;
  TimeMs largest = 0.0;
  for (const auto& [neuron, times] : of_a) {
    const auto found = of_b.find(neuron);
    if (found == of_b.end() || found->second.size() != times.size()) return INFINITY;
    for (std::size_t k = 0; k < times.size(); ++k) {
      largest = std::max(largest, std::abs(times[k] - found->second[k]));
    }
  }
  return largest;
}

/// Intervals between spikes of one neuron that are shorter than the rule of the refractory time allows.
inline std::size_t too_short(const SpikeTrain& spikes, TimeMs refractory_ms) {
  std::size_t count = 0;
  for (const auto& [neuron, times] : by_neuron(spikes)) {
    for (std::size_t k = 1; k < times.size(); ++k) {
      if (times[k] < counts_from(times[k - 1] + refractory_ms)) ++count;
    }
  }
  return count;
}

}  // namespace shallows
