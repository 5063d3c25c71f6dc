#include "experiments/study/study_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "experiments/config/number_in.hpp"
#include "output/plot/line_plot.hpp"
#include "output/view/text_table.hpp"

namespace shallows {
namespace {

/// The figures of a cell, by name.
struct Figure {
  const char* name;
  Values StudyCell::*values;
};
constexpr Figure kFigures[] = {{"test_accuracy", &StudyCell::test},
                               {"validation_accuracy", &StudyCell::validation},
                               {"spikes_per_image", &StudyCell::spikes},
                               {"operations_per_image", &StudyCell::operations},
                               {"training_seconds", &StudyCell::seconds}};

std::string mean_text(const Values& values, std::size_t failed) {
  const auto mean = mean_of(values), deviation = deviation_of(values);
  std::string text = mean ? fmt::format("{:.2f}", *mean) : "-";
  if (deviation) text += fmt::format(" ± {:.2f}", *deviation);
  if (failed > 0) text += fmt::format(" ({} failed)", failed);
  return text;
}

bool any(const StudyResult& result, Values StudyCell::*values) {
  return std::ranges::any_of(result.cells, [&](const StudyCell& cell) { return !(cell.*values).empty(); });
}

TextTable table_of(const StudyResult& result) {
  const Study& study = *result.study;
  const std::vector<std::string> keys = varied_keys(study);
  const bool published =
      std::ranges::any_of(study.rows, [](const StudyRow& row) { return row.published.has_value(); });
  const bool validation = any(result, &StudyCell::validation),
             test = any(result, &StudyCell::test) || !validation;
  TextTable table;
  table.columns.push_back({"row"});
  for (const std::string& key : keys) table.columns.push_back({key, true});
  table.columns.push_back({"seeds", true});
  if (published) table.columns.push_back({"published %", true});
  for (const std::string& column : study.columns) {
    if (validation) table.columns.push_back({column + " validation %", true});
    if (test) table.columns.push_back({column + (validation ? " test %" : " %"), true});
  }
  table.columns.push_back({"minutes", true});
  for (auto first = result.cells.begin(); first != result.cells.end();) {
    const auto last = std::find_if(first, result.cells.end(), [&](const StudyCell& cell) {
      return cell.row != first->row || cell.point != first->point;
    });
    const StudyRow& row = study.rows[first->row];
    std::vector<std::string> cells = {row.name};
    for (const std::string& key : keys) cells.push_back(value_of(result, first->point, key));
    const bool alike = std::all_of(
        first, last, [&](const StudyCell& cell) { return cell.seconds.size() == first->seconds.size(); });
    std::vector<std::size_t> seeds;
    for (auto cell = first; cell != (alike ? first + 1 : last); ++cell) seeds.push_back(cell->seconds.size());
    cells.push_back(fmt::format("{}", fmt::join(seeds, ", ")));
    if (published) cells.push_back(row.published ? fmt::format("{:.1f}", *row.published) : "-");
    for (std::size_t column = 0; column < study.columns.size(); ++column) {
      const auto cell = std::find_if(first, last, [&](const StudyCell& one) { return one.column == column; });
      const auto add = [&](const Values StudyCell::*values) {
        cells.push_back(cell == last ? "-" : mean_text((*cell).*values, cell->failed));
      };
      if (validation) add(&StudyCell::validation);
      if (test) add(&StudyCell::test);
    }
    const auto seconds = mean_of(first->seconds);
    cells.push_back(seconds ? fmt::format("{:.2f}", *seconds / 60.0) : "-");
    table.rows.push_back(std::move(cells));
    first = last;
  }
  return table;
}

/// RFC 4180.
std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

/// The columns with which both tables begin.
std::string csv_head(const StudyResult& result) {
  std::string csv = "row,column,";
  for (const std::string& key : varied_keys(*result.study)) csv += key + ",";
  return csv;
}

/// Their values in the line of a cell or run.
std::string csv_start(const StudyResult& result, const auto& of) {
  const Study& study = *result.study;
  std::string csv =
      fmt::format("{},{},", csv_cell(study.rows[of.row].name), csv_cell(study.columns[of.column]));
  for (const std::string& key : varied_keys(study)) csv += csv_cell(value_of(result, of.point, key)) + ",";
  return csv;
}

void end_line(std::string& csv) {
  csv.pop_back();
  csv += "\r\n";
}

std::string number_text(std::optional<double> value) { return value ? fmt::format("{}", *value) : ""; }

nlohmann::json number_json(std::optional<double> value) { return value ? nlohmann::json(*value) : nullptr; }

/// The accuracies that runs are judged by.
const Values& judged(const StudyCell& cell) { return cell.validation.empty() ? cell.test : cell.validation; }

}  // namespace

std::string study_text(const StudyResult& result) { return aligned(table_of(result)); }

std::string study_markdown(const StudyResult& result) {
  std::string text = fmt::format("## {}\n\n", result.study->title);
  if (!result.study->about.empty())
    text += result.study->about + (result.study->about.ends_with('\n') ? "\n" : "\n\n");
  return text + markdown(table_of(result));
}

nlohmann::json study_json(const StudyResult& result) {
  const Study& study = *result.study;
  auto rows = nlohmann::json::array();
  for (const StudyCell& cell : result.cells) {
    nlohmann::json row = {{"row", study.rows[cell.row].name},
                          {"column", study.columns[cell.column]},
                          {"seeds", cell.seconds.size()},
                          {"failed", cell.failed},
                          {"missing", cell.missing},
                          {"lost_classes", cell.lost_classes},
                          {"settings", nlohmann::json::object()}};
    row["published"] = number_json(study.rows[cell.row].published);
    for (const std::string& key : varied_keys(study))
      row["settings"][key] = value_of(result, cell.point, key);
    for (const Figure& figure : kFigures) {
      const Values& values = cell.*figure.values;
      row[figure.name] = nullptr;
      if (const auto mean = mean_of(values))
        row[figure.name] = {{"mean", *mean}, {"std", number_json(deviation_of(values))}};
    }
    rows.push_back(std::move(row));
  }
  auto runs = nlohmann::json::array();
  for (std::size_t k = 0; k < result.outcomes.size(); ++k) {
    const StudyRun& run = result.plan->runs[k];
    if (!result.outcomes[k]) continue;
    runs.push_back({{"row", study.rows[run.row].name},
                    {"column", study.columns[run.column]},
                    {"seed", run.seed},
                    {"file", result.outcomes[k]->file},
                    {"failure", result.outcomes[k]->failure}});
  }
  return {{"study", study.name}, {"title", study.title}, {"rows", rows}, {"runs", runs}};
}

std::string study_csv(const StudyResult& result) {
  const Study& study = *result.study;
  std::string csv = csv_head(result) + "seeds,failed,missing,lost_classes,published,";
  for (const Figure& figure : kFigures) csv += fmt::format("{0}_mean,{0}_std,", figure.name);
  end_line(csv);
  for (const StudyCell& cell : result.cells) {
    csv += csv_start(result, cell);
    csv += fmt::format("{},{},{},{},{},", cell.seconds.size(), cell.failed, cell.missing, cell.lost_classes,
                       number_text(study.rows[cell.row].published));
    for (const Figure& figure : kFigures) {
      const Values& values = cell.*figure.values;
      csv += fmt::format("{},{},", number_text(mean_of(values)), number_text(deviation_of(values)));
    }
    end_line(csv);
  }
  return csv;
}

std::string runs_csv(const StudyResult& result) {
  std::string csv = csv_head(result) + "seed,";
  for (const Figure& figure : kFigures) csv += fmt::format("{},", figure.name);
  csv += "file,failure,";
  end_line(csv);
  for (std::size_t k = 0; k < result.outcomes.size(); ++k) {
    const auto& outcome = result.outcomes[k];
    if (!outcome) continue;
    const StudyRun& run = result.plan->runs[k];
    csv += csv_start(result, run) + fmt::format("{},", run.seed);
    StudyCell alone{};
    if (outcome->failure.empty()) add_figures(outcome->figures, alone);
    for (const Figure& figure : kFigures) csv += number_text(mean_of(alone.*figure.values)) + ",";
    csv += csv_cell(outcome->file) + "," + csv_cell(outcome->failure) + ",";
    end_line(csv);
  }
  return csv;
}

std::string sweep_svg(const StudyResult& result, std::size_t sweep) {
  const Study& study = *result.study;
  const Sweep& axes = study.sweeps[sweep];
  const auto axis = std::ranges::find_if(axes, [](const SweepAxis& one) {
    return std::ranges::all_of(one.values,
                               [](const std::string& value) { return number_in<double>(value).has_value(); });
  });
  if (axis == axes.end()) return "";
  Values all;
  for (const std::string& value : axis->values) all.push_back(*number_in<double>(value));
  const auto [low, high] = std::ranges::minmax(all);
  const bool held_out = any(result, &StudyCell::validation);
  LinePlot plot{.title = study.title,
                .x = {.title = axis->key,
                      .scale = low > 0.0 && high >= 30.0 * low ? AxisScale::logarithmic : AxisScale::linear},
                .y = {.title = held_out ? "accuracy on validation images (%)" : "test accuracy (%)"},
                .series = {}};
  for (const StudyCell& cell : result.cells) {
    if (result.plan->points[cell.point].sweep != sweep) continue;
    std::string name = study.rows[cell.row].name;
    if (study.columns.size() > 1) name += ", " + study.columns[cell.column];
    for (const SweepAxis& other : axes) {
      if (&other != &*axis)
        name += fmt::format(", {} = {}", other.key, value_of(result, cell.point, other.key));
    }
    auto series = std::ranges::find_if(plot.series, [&](const PlotSeries& one) { return one.name == name; });
    if (series == plot.series.end())
      series = plot.series.insert(series, PlotSeries{.name = name, .x = {}, .y = {}});
    series->x.push_back(*number_in<double>(value_of(result, cell.point, axis->key)));
    series->y.push_back(mean_of(judged(cell)).value_or(std::numeric_limits<double>::quiet_NaN()));
    series->y_error.push_back(deviation_of(judged(cell)).value_or(0.0));
  }
  return render_svg(plot);
}

}  // namespace shallows
