// A run that is wanted complete, whether it has been begun before or not.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "experiments/config/config.hpp"
#include "experiments/data/dataset.hpp"
#include "experiments/run/training/trainer.hpp"

namespace shallows {

/// The run `output`, if it is there and complete. Throws Error (checkpoint) if it is no run.
[[nodiscard]] std::optional<RunReader> open_finished_run(const std::string& output);

/// The figures of the run `output`, if it is there and complete: whatever it has recorded and tested, its
/// training is what counts. Throws Error (checkpoint) if it is the run of another training or of other
/// images, or no run.
[[nodiscard]] std::optional<nlohmann::json> finished_run(const Config& config, const Dataset& dataset,
                                                         const std::string& output);

/// Trains and tests the run options.output, which the caller has claimed, from its checkpoint on if it has
/// one. Nothing if a signal came in between (the checkpoint stays, if there is one yet). Throws what Trainer
/// throws.
[[nodiscard]] std::optional<nlohmann::json> complete_run(const Config& config, const Dataset& dataset,
                                                         TrainOptions options);

}  // namespace shallows
