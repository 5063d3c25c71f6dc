// What the finished runs of a study say: means and deviations over the seeds, as text, Markdown, JSON, CSV
// and pictures.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "experiments/study/run_store.hpp"
#include "experiments/study/study.hpp"

namespace shallows {

/// The runs of one row, point and column, which differ in their seeds.
struct StudyCell {
  std::size_t row, point, column;
  std::vector<double> test;        ///< accuracies [%]
  std::vector<double> validation;  ///< of runs that hold out images
  std::vector<double> spikes;      ///< per test image, all populations
  std::vector<double> operations;  ///< synaptic operations per test image
  std::vector<double> seconds;     ///< of training
  std::size_t lost_classes = 0;    ///< runs that never answer some class
  std::size_t failed = 0;
  std::size_t missing = 0;
};

struct StudyResult {
  const Study* study;
  const StudyPlan* plan;
  std::vector<StudyCell> cells;                     ///< by row, point and column
  std::vector<std::optional<RunOutcome>> outcomes;  ///< of the plan's runs
};

/// Reads what is there; trains nothing.
StudyResult gather(const Study& study, const StudyPlan& plan, RunStore& store);

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

/// The row and settings whose mean accuracy on validation images is highest; empty unless all have such,
/// of the same images.
std::string best_on_validation(const StudyResult& result);

}  // namespace shallows
