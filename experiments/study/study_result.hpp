// What came of a study's runs, by row, point and column: figures, their means and deviations over the seeds, and which is
// best.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/study/run_store.hpp"
#include "experiments/study/study.hpp"

namespace shallows {

/// A figure of each run of a cell.
using Values = std::vector<double>;

/// Nothing of no value.
std::optional<double> mean_of(const Values& values);
/// Standard deviation of the sample; nothing of fewer than two values.
std::optional<double> deviation_of(const Values& values);

/// The runs of one row, point and column, which differ in their seeds.
struct StudyCell {
  std::size_t row, point, column;
  Values test;                   ///< accuracies [%]
  Values validation;             ///< of runs that hold out images
  Values spikes;                 ///< per test image, all populations
  Values operations;             ///< synaptic operations per test image
  Values seconds;                ///< of training
  std::size_t lost_classes = 0;  ///< runs that never answer some class
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

/// Adds what a run has of the figures.
void add_figures(const nlohmann::json& figures, StudyCell& cell);

/// Every key that some sweep varies.
std::vector<std::string> varied_keys(const Study& study);
/// The point's value of the key, without quotes; empty if its sweep does not vary it.
std::string value_of(const StudyResult& result, std::size_t point, const std::string& key);

/// The row and settings whose mean accuracy on validation images is highest; empty unless all have such,
/// of the same images.
std::string best_on_validation(const StudyResult& result);

}  // namespace shallows
