#include "experiments/run/evaluation/record_selection.hpp"

#include <algorithm>
#include <utility>

namespace shallows {

RecordSelection::RecordSelection(const RecordConfig& config, std::vector<PopulationInfo> available)
    : config_(config) {
  for (std::size_t p = 0; p < available.size(); ++p) {
    const auto& wanted = config.populations;
    if (std::find(wanted.begin(), wanted.end(), available[p].name) == wanted.end()) continue;
    populations_.push_back(std::move(available[p]));
    places_.push_back(p);
  }
}

bool RecordSelection::selects(Phase phase, std::uint64_t index) const {
  const RecordPhase asked = phase == Phase::train ? RecordPhase::train : RecordPhase::test;
  if (config_.phase != RecordPhase::both && config_.phase != asked) return false;
  return index >= config_.first && index < config_.last && (index - config_.first) % config_.step == 0;
}

std::vector<const SpikeTrain*> RecordSelection::trains(const Activity& activity) const {
  std::vector<const SpikeTrain*> trains;
  for (const std::size_t p : places_) trains.push_back(&activity.trains[p]);
  return trains;
}

}  // namespace shallows
