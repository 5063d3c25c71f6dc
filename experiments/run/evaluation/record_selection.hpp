// Which populations of which trials are recorded.
#pragma once

#include <cstdint>
#include <vector>

#include "experiments/config/config.hpp"
#include "models/spiking/spiking_network.hpp"
#include "output/record/spike_recorder.hpp"

namespace shallows {

class RecordSelection {
 public:
  /// `available` are the network's populations; none of a rate network.
  RecordSelection(const RecordConfig& config, std::vector<PopulationInfo> available);

  /// The chosen populations, in the network's order.
  const std::vector<PopulationInfo>& populations() const { return populations_; }
  /// Whether trial `index` of its phase is recorded. Validation counts as test.
  bool selects(Phase phase, std::uint64_t index) const;
  /// The chosen populations' trains, as SpikeRecorder::trial wants them.
  std::vector<const SpikeTrain*> trains(const Activity& activity) const;

 private:
  RecordConfig config_;
  std::vector<PopulationInfo> populations_;
  std::vector<std::size_t> places_;  // of these among the network's
};

}  // namespace shallows
