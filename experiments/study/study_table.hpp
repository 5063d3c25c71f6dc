// What came of a study as text, Markdown, JSON, CSV and pictures.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "experiments/study/study_result.hpp"

namespace shallows {

std::string study_text(const StudyResult& result);
/// With title and `about` above the table.
std::string study_markdown(const StudyResult& result);
/// {study, rows: [{row, column, settings of the sweep, seeds, failed, missing, lost_classes, published,
/// test_accuracy, validation_accuracy, spikes_per_image, operations_per_image, training_seconds: each {mean,
/// std} or null}], runs}.
nlohmann::json study_json(const StudyResult& result);
/// A line for each cell: row, column, the varied keys, seeds, failed, missing, lost_classes, published, and
/// mean and standard deviation of the figures (RFC 4180).
std::string study_csv(const StudyResult& result);
/// A line for each run: row, column, the varied keys, seed, accuracies, spikes, operations, seconds, file,
/// failure.
std::string runs_csv(const StudyResult& result);
/// Accuracy over the sweep's first numeric key, a line for each row, column and value of the other keys.
/// Empty if no key of the sweep is a number.
std::string sweep_svg(const StudyResult& result, std::size_t sweep);

}  // namespace shallows
