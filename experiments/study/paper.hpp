// `shallows paper`: trains the rows of the table over several seeds, each run to a file of its own that is
// used again the next time, and sums them up.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "experiments/config/config.hpp"
#include "experiments/data/dataset.hpp"
#include "experiments/run/progress.hpp"
#include "experiments/study/rows.hpp"

namespace shallows {

struct PaperOptions {
  std::string dataset = "mnist";
  std::uint64_t seeds = 3;  ///< 1, 2, ...
  std::string scale = "quick";
  // In place of the scale's:
  std::optional<std::uint64_t> hidden;
  std::optional<std::uint64_t> patch;
  std::optional<std::uint64_t> updates;
  std::vector<std::string> models;          ///< only these; empty: all
  std::string coding;                       ///< "rate" or "spiking"; empty: both
  bool trained_only = false;                ///< train nothing: sum up the finished runs
  std::string directory = "runs/paper";     ///< of the run files
  std::string command_line;                 ///< for the files
  std::uint64_t threads = 1;                ///< in use, for the files
  Verbosity verbosity = Verbosity::normal;  ///< of each run's progress
};

/// The runs of one recipe, one for each seed.
struct Measurement {
  std::vector<double> accuracy = {};       ///< percent of the test images, by seed, of the finished runs
  std::vector<double> minutes = {};        ///< of training, of the same
  std::vector<std::string> files = {};     ///< of the same
  std::vector<std::string> failures = {};  ///< of the runs that diverged or fell silent: which, and why

  bool is_empty() const { return accuracy.empty() && failures.empty(); }
  /// Nothing without a finished run.
  std::optional<double> mean() const;
  std::optional<double> mean_minutes() const;
  /// Sample standard deviation; nothing for less than two runs.
  std::optional<double> deviation() const;
};

/// A line of the table, or a point of a curve.
struct PaperResult {
  std::string model;
  std::string coding;
  std::string dataset;
  std::uint64_t hidden = 0;  ///< neurons
  std::uint64_t patch = 0;   ///< 0 without a hidden layer
  std::uint64_t updates = 0;
  std::optional<double> published = {};
  Measurement ours = {};
  std::optional<Measurement> tuned = {};
  bool tuned_for_curves = false;  ///< `tuned` is PaperRow::tuned_for_curves, not the tuned column's
};

/// The rows of the table, after training what is missing, or with trained_only those that have a finished
/// run. Nothing if a signal came in between: the same call goes on from there. A run that diverges or falls
/// silent is among its row's failures and stops no other. Throws Error: configuration for unknown names and
/// sizes that do not fit the images; data; checkpoint if a file belongs to other settings.
std::optional<std::vector<PaperResult>> run_paper(const PaperOptions& options, const Dataset& dataset);

enum class CurveAxis { hidden, patch };

/// The accuracy of curve_models() over hidden sizes (with the scale's patch), or of the localized ones over
/// patch sizes up to the side of the images (with the scale's hidden size; `hidden` and `patch` in place of
/// the scale's). Points are `tuned` where the model has tuned settings (for curves if it has such), else
/// `ours`. Of models that are not among `models` the finished runs are taken and nothing is trained. As
/// run_paper; configuration too for models that have no curve.
std::optional<std::vector<PaperResult>> run_paper_curves(const PaperOptions& options, const Dataset& dataset,
                                                         CurveAxis axis);

/// File name of a curve, without ending: data set, sizes that hold for all its points, axis.
std::string curves_name(const PaperOptions& options, CurveAxis axis);

/// What went wrong in all of them, a message for each failed run.
std::vector<std::string> failures_of(std::span<const PaperResult> results);

/// Rows of model, coding, dataset, hidden, patch, updates, seeds, failed, accuracy_mean, accuracy_std,
/// paper_accuracy, tuned_seeds, tuned_failed, tuned_accuracy_mean, tuned_accuracy_std, minutes, files. Seeds
/// are those of finished runs, and means and deviations theirs. What is not known is null.
nlohmann::json paper_json(std::span<const PaperResult> results);
std::string paper_text(std::span<const PaperResult> results);
std::string paper_markdown(std::span<const PaperResult> results);
/// RFC 4180: model, settings ("tuned", "tuned for curves" or "untuned"), hidden, patch, updates, seeds,
/// accuracy_mean, accuracy_std.
std::string curves_csv(std::span<const PaperResult> results);
std::string curves_svg(std::span<const PaperResult> results, CurveAxis axis);

}  // namespace shallows
