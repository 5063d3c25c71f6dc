// The figures of a run as one object: what --json prints, what /summary stores and what compare reads.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "experiments/config/config.hpp"
#include "experiments/data/dataset.hpp"
#include "experiments/run/evaluation/evaluation.hpp"
#include "experiments/run/network/network.hpp"
#include "experiments/run/stored/train_state.hpp"
#include "output/view/comparison.hpp"

namespace shallows {

/// What does not depend on how far the run is: name, dataset, train_sha256, test_sha256, model, coding,
/// hidden, patch, seed, epochs, engine.
nlohmann::json describe_run(const Config& config, const Network& network, const Dataset& dataset);

/// Adds images_trained, training_seconds, ms_per_image, spikes_per_image, synaptic_events and their rate.
void add_training(nlohmann::json& result, const TrainState& state, const Network& network);

/// Adds <split>_accuracy (percent), _images, _correct, _lost_classes, _seconds, _ms_per_image,
/// _spikes_per_image and _synaptic_operations_per_image.
void add_evaluation(nlohmann::json& result, const std::string& split, const Evaluation& evaluation,
                    const Network& network);

/// What to say of the classes that are never the answer, and what to do about it; empty if there are none.
std::string lost_classes_warning(const nlohmann::json& result, const Config& config);

/// A row of the comparison; throws Error (data) if the file's summary lacks what it takes.
ComparisonRow to_comparison_row(const std::string& file, const nlohmann::json& result);

/// A few lines for people.
std::string render_result(const nlohmann::json& result);

}  // namespace shallows
