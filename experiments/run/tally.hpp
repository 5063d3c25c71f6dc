// Sums over presentations, from which every figure per image comes.
#pragma once

#include <cstdint>

#include "models/spiking_network.hpp"

namespace shallows {

struct Tally {
  std::uint64_t images = 0;
  std::uint64_t correct = 0;
  std::uint64_t input_spikes = 0;
  std::uint64_t hidden_spikes = 0;
  std::uint64_t readout_spikes = 0;
  std::uint64_t synaptic_events = 0;
  double seconds = 0.0;  ///< wall time

  void add(const Activity& activity, bool is_correct) {
    ++images;
    correct += is_correct ? 1 : 0;
    input_spikes += activity.input.size();
    hidden_spikes += activity.hidden.size();
    readout_spikes += activity.readout.size();
    synaptic_events += activity.synaptic_events;
  }

  /// Percent of the images.
  double accuracy() const { return 100.0 * per_image(correct); }
  double per_image(std::uint64_t sum) const { return per_image(static_cast<double>(sum)); }
  double per_image(double sum) const { return images > 0 ? sum / static_cast<double>(images) : 0.0; }
};

}  // namespace shallows
