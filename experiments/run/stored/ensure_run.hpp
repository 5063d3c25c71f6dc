// A run that is wanted complete, whether it has been begun before or not.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "experiments/config/config.hpp"
#include "experiments/data/dataset.hpp"
#include "experiments/run/trainer.hpp"

namespace shallows {

/// The figures of the run `output`, if it is there and complete: whatever it has recorded and tested, its
/// training is what counts. Throws Error (checkpoint) if it is the run of another training or of other
/// images, or no run.
[[nodiscard]] std::optional<nlohmann::json> finished_run(const Config& config, const Dataset& dataset,
                                                         const std::string& output);

/// The figures of the run options.output: of the complete one if it is there; else it is trained and tested,
/// from its checkpoint on if it has one. Nothing if a signal came in between (the checkpoint stays, if there
/// is one yet). Throws what Trainer throws, and Error (data) if another process is at it.
[[nodiscard]] std::optional<nlohmann::json> ensure_run(const Config& config, const Dataset& dataset,
                                                       TrainOptions options);

}  // namespace shallows
