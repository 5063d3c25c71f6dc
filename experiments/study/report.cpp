// How the results of `shallows paper` are shown.
#include <fmt/format.h>

#include <limits>

#include "experiments/study/paper.hpp"
#include "output/plot/line_plot.hpp"
#include "output/view/text_table.hpp"

namespace shallows {
namespace {

nlohmann::json number_or_null(std::optional<double> value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

std::string accuracy_text(const Measurement& measurement) {
  const auto mean = measurement.mean();
  if (!mean) return measurement.failures.empty() ? "-" : "failed";
  const auto deviation = measurement.deviation();
  std::string text = fmt::format("{:.2f}", *mean);
  if (deviation) text += fmt::format(" ± {:.2f}", *deviation);
  if (!measurement.failures.empty()) text += fmt::format(" ({} failed)", measurement.failures.size());
  return text;
}

/// Of both columns where they differ.
std::string seeds_text(const PaperResult& result) {
  const std::size_t ours = result.ours.accuracy.size();
  const std::size_t tuned = result.tuned ? result.tuned->accuracy.size() : ours;
  return tuned == ours ? std::to_string(ours) : fmt::format("{}, {}", ours, tuned);
}

std::string minutes_text(const Measurement& measurement) {
  const auto minutes = measurement.mean_minutes();
  return minutes ? fmt::format("{:.2f}", *minutes) : "-";
}

/// What a point of a curve shows.
const Measurement& drawn(const PaperResult& result) { return result.tuned ? *result.tuned : result.ours; }

std::string size_text(std::uint64_t size) { return size == 0 ? "-" : std::to_string(size); }

TextTable table_of(std::span<const PaperResult> results) {
  TextTable table{{{"model"},
                   {"coding"},
                   {"dataset"},
                   {"hidden", true},
                   {"patch", true},
                   {"updates", true},
                   {"seeds", true},
                   {"paper %", true},
                   {"untuned %", true},
                   {"tuned %", true},
                   {"minutes", true}},
                  {}};
  for (const PaperResult& r : results) {
    table.rows.push_back({r.model, r.coding, r.dataset, size_text(r.hidden), size_text(r.patch),
                          std::to_string(r.updates), seeds_text(r),
                          r.published ? fmt::format("{:.1f}", *r.published) : "-", accuracy_text(r.ours),
                          r.tuned ? accuracy_text(*r.tuned) : "-", minutes_text(r.ours)});
  }
  return table;
}

}  // namespace

std::vector<std::string> failures_of(std::span<const PaperResult> results) {
  std::vector<std::string> failures;
  const auto add = [&](const Measurement& measurement) {
    failures.insert(failures.end(), measurement.failures.begin(), measurement.failures.end());
  };
  for (const PaperResult& result : results) {
    add(result.ours);
    if (result.tuned) add(*result.tuned);
  }
  return failures;
}

nlohmann::json paper_json(std::span<const PaperResult> results) {
  auto rows = nlohmann::json::array();
  for (const PaperResult& r : results) {
    const Measurement tuned = r.tuned.value_or(Measurement{});
    std::vector<std::string> files = r.ours.files;
    files.insert(files.end(), tuned.files.begin(), tuned.files.end());
    rows.push_back({{"model", r.model},
                    {"coding", r.coding},
                    {"dataset", r.dataset},
                    {"hidden", r.hidden},
                    {"patch", r.patch == 0 ? nlohmann::json(nullptr) : nlohmann::json(r.patch)},
                    {"updates", r.updates},
                    {"seeds", r.ours.accuracy.size()},
                    {"failed", r.ours.failures.size()},
                    {"accuracy_mean", number_or_null(r.ours.mean())},
                    {"accuracy_std", number_or_null(r.ours.deviation())},
                    {"paper_accuracy", number_or_null(r.published)},
                    {"tuned_seeds", tuned.accuracy.size()},
                    {"tuned_failed", tuned.failures.size()},
                    {"tuned_accuracy_mean", number_or_null(tuned.mean())},
                    {"tuned_accuracy_std", number_or_null(tuned.deviation())},
                    {"minutes", number_or_null(r.ours.mean_minutes())},
                    {"files", files}});
  }
  return rows;
}

std::string paper_text(std::span<const PaperResult> results) { return aligned(table_of(results)); }

std::string paper_markdown(std::span<const PaperResult> results) { return markdown(table_of(results)); }

/// Of a point.
const char* settings_of(const PaperResult& result) {
  if (result.tuned_for_curves) return "tuned for curves";
  return result.tuned ? "tuned" : "untuned";
}

std::string curves_csv(std::span<const PaperResult> results) {
  std::string text = "model,settings,hidden,patch,updates,seeds,accuracy_mean,accuracy_std\r\n";
  for (const PaperResult& r : results) {
    const auto number = [](std::optional<double> value) {
      return value ? fmt::format("{}", *value) : std::string();
    };
    text += fmt::format("{},{},{},{},{},{},{},{}\r\n", r.model, settings_of(r), r.hidden, r.patch, r.updates,
                        drawn(r).accuracy.size(), number(drawn(r).mean()), number(drawn(r).deviation()));
  }
  return text;
}

std::string curves_svg(std::span<const PaperResult> results, CurveAxis axis) {
  const bool over_hidden = axis == CurveAxis::hidden;
  LinePlot plot{.title = over_hidden ? "Accuracy over the size of the hidden layer"
                                     : "Accuracy over the size of the receptive fields",
                .x = {.title = over_hidden ? "hidden neurons" : "patch (pixels)",
                      .scale = over_hidden ? AxisScale::logarithmic : AxisScale::linear},
                .y = {.title = "test accuracy (%)"},
                .series = {}};
  if (!results.empty()) plot.title += ", " + results.front().dataset;
  for (const PaperResult& r : results) {
    const std::string name = r.tuned ? fmt::format("{}, {}", r.model, settings_of(r)) : r.model;
    if (plot.series.empty() || plot.series.back().name != name)
      plot.series.push_back({.name = name, .x = {}, .y = {}});
    PlotSeries& series = plot.series.back();
    series.x.push_back(static_cast<double>(over_hidden ? r.hidden : r.patch));
    series.y.push_back(drawn(r).mean().value_or(std::numeric_limits<double>::quiet_NaN()));
    series.y_error.push_back(drawn(r).deviation().value_or(0.0));
  }
  return render_svg(plot);
}

}  // namespace shallows
