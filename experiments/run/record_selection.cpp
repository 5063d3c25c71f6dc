#include "experiments/run/record_selection.hpp"

#include <algorithm>
#include <utility>

namespace shallows {

RecordSelection::RecordSelection(const RecordConfig& config, std::vector<PopulationInfo> available)
    : config_(config) {
  for (PopulationInfo& population : available) {
    const auto& wanted = config.populations;
    if (std::find(wanted.begin(), wanted.end(), population.name) != wanted.end()) {
      populations_.push_back(std::move(population));
    }
  }
}

bool RecordSelection::selects(Phase phase, std::uint64_t index) const {
  const RecordPhase asked = phase == Phase::train ? RecordPhase::train : RecordPhase::test;
  if (config_.phase != RecordPhase::both && config_.phase != asked) return false;
  return index >= config_.first && index < config_.last && (index - config_.first) % config_.step == 0;
}

std::vector<const SpikeTrain*> RecordSelection::trains(const Activity& activity) const {
  std::vector<const SpikeTrain*> trains;
  for (const PopulationInfo& population : populations_) {
    if (population.name == "input") trains.push_back(&activity.input);
    if (population.name == "hidden") trains.push_back(&activity.hidden);
    if (population.name == "readout") trains.push_back(&activity.readout);
  }
  return trains;
}

}  // namespace shallows
