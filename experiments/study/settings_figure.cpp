#include "experiments/study/settings_figure.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "experiments/run/statistics.hpp"
#include "experiments/study/short_run.hpp"
#include "sim/core/error.hpp"

namespace shallows {

Alternatives parse_alternatives(std::string_view text) {
  const auto refuse = [&](const char* why, const char* suggestion) {
    throw Error(ErrorKind::configuration, fmt::format("can't vary '{}' ({}); {}", text, why, suggestion));
  };
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0)
    refuse("it is not KEY=A,B,...", "write e.g. --vary memory.neighbours=1,3,5");
  Alternatives result{.key = std::string(text.substr(0, equals)), .values = {}};
  if (result.key.starts_with("dataset.") || result.key == "seed")
    refuse("all settings are judged by the same images and seeds", "give it with --set");
  for (std::size_t first = equals + 1; first <= text.size();) {
    const std::size_t end = std::min(text.find(',', first), text.size());
    if (end == first) refuse("a value is empty", "separate the values by single commas");
    result.values.emplace_back(text.substr(first, end - first));
    first = end + 1;
  }
  return result;
}

std::vector<SettingsPoint> settings_grid(const std::string& path, std::span<const std::string> overrides,
                                         std::span<const Alternatives> alternatives) {
  std::vector<std::vector<std::string>> combinations = {{}};
  for (const Alternatives& one : alternatives) {
    std::vector<std::vector<std::string>> longer;
    for (const std::vector<std::string>& chosen : combinations) {
      for (const std::string& value : one.values) {
        longer.push_back(chosen);
        longer.back().push_back(value);
      }
    }
    combinations = std::move(longer);
  }
  std::vector<SettingsPoint> points;
  for (std::vector<std::string>& values : combinations) {
    std::vector<std::string> all(overrides.begin(), overrides.end());
    for (std::size_t k = 0; k < values.size(); ++k) all.push_back(alternatives[k].key + "=" + values[k]);
    points.push_back({.values = std::move(values), .config = read_config(path, all)});
    if (points.back().config.dataset.validation == 0) {
      throw Error(ErrorKind::configuration,
                  "there is nothing to judge the settings by (dataset.validation = 0, and test images decide "
                  "nothing); hold out images, e.g. --set dataset.validation=10000");
    }
    // What can't change an accuracy on validation images does not make another run.
    points.back().config.test_images = 0;
    apply_record("none", points.back().config);
  }
  return points;
}

void settings_figure(std::vector<SettingsPoint>& points, const Dataset& dataset, std::uint64_t runs,
                     FinishedRuns& finished, const std::function<void(const SettingsPoint&)>& told) {
  ShortRuns short_runs(dataset, dataset.validation, finished);
  for (SettingsPoint& point : points) {
    for (std::uint64_t run = 0; run < runs; ++run) {
      Config one = point.config;
      one.seed += run;
      if (auto* memory = std::get_if<MemoryParams>(&one.network)) memory->judge_every = 0;
      try {
        point.accuracies.push_back(short_runs.figures(one).accuracy);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::network) throw;
        point.accuracies.push_back(std::numeric_limits<double>::quiet_NaN());
        point.failure = error.what();
      }
    }
    told(point);
  }
}

std::string settings_text(std::span<const Alternatives> alternatives, const SettingsPoint& point) {
  std::vector<std::string> parts;
  for (std::size_t k = 0; k < point.values.size(); ++k)
    parts.push_back(alternatives[k].key + "=" + point.values[k]);
  return parts.empty() ? point.config.name : fmt::format("{}", fmt::join(parts, " "));
}

std::string settings_csv(std::span<const Alternatives> alternatives, std::span<const SettingsPoint> points) {
  std::string csv;
  for (const Alternatives& one : alternatives) csv += one.key + ",";
  csv += "mean_accuracy,standard_deviation,runs,accuracies\n";
  for (const SettingsPoint& point : points) {
    for (const std::string& value : point.values) csv += value + ",";
    csv += fmt::format("{:.4f},{:.4f},{},{:.2f}\n", mean_of(point.accuracies), deviation_of(point.accuracies),
                       point.accuracies.size(), fmt::join(point.accuracies, " "));
  }
  return csv;
}

}  // namespace shallows
