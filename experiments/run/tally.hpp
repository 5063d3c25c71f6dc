// Sums over presentations, from which every figure per image comes.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "models/spiking/spiking_network.hpp"

namespace shallows {

struct Tally {
  std::uint64_t images = 0;
  std::uint64_t judged = 0;  ///< those whose class was predicted
  std::uint64_t correct = 0;
  std::vector<std::uint64_t> spikes;  ///< of each population; none of a network without spikes
  std::uint64_t synaptic_events = 0;
  double seconds = 0.0;  ///< wall time

  enum class Verdict { wrong, correct, none };

  void add(const Activity& activity, Verdict verdict) {
    ++images;
    judged += verdict != Verdict::none ? 1 : 0;
    correct += verdict == Verdict::correct ? 1 : 0;
    spikes.resize(activity.trains.size());
    for (std::size_t p = 0; p < spikes.size(); ++p) spikes[p] += activity.trains[p].size();
    synaptic_events += activity.synaptic_events;
  }

  /// Percent of the judged images; no number if none of the images was judged.
  double accuracy() const {
    if (judged == 0) return images == 0 ? 0.0 : std::numeric_limits<double>::quiet_NaN();
    return 100.0 * static_cast<double>(correct) / static_cast<double>(judged);
  }
  double per_image(std::uint64_t sum) const { return per_image(static_cast<double>(sum)); }
  double per_image(double sum) const { return images > 0 ? sum / static_cast<double>(images) : 0.0; }
};

}  // namespace shallows
