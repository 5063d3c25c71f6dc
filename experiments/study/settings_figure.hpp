// Which settings are best? Every combination of the given values is trained, and judged by the validation
// images: the test images decide nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/config/config.hpp"
#include "experiments/data/dataset.hpp"
#include "experiments/study/finished_runs.hpp"

namespace shallows {

/// A configuration key and the values that it takes in turn.
struct Alternatives {
  std::string key;
  std::vector<std::string> values;
};

/// "KEY=A,B,...". Throws Error (configuration) for another text, and for keys of the data set and the seed.
Alternatives parse_alternatives(std::string_view text);

struct SettingsPoint {
  std::vector<std::string> values;  ///< one for each key
  Config config;
  std::vector<double> accuracies =
      {};                    ///< percent of the validation images, one per run; NaN of a failed one
  std::string failure = {};  ///< why the last run that failed did; empty if none failed
};

/// All combinations, the last key changing fastest, on top of a configuration file and overrides. Throws
/// Error (configuration) as read_config does, and if no validation images are held out.
std::vector<SettingsPoint> settings_grid(const std::string& path, std::span<const std::string> overrides,
                                         std::span<const Alternatives> alternatives);

/// Trains each point `runs` times, with seeds config.seed, config.seed + 1, ... `told` hears of every
/// finished point. A network that diverges, dies or stays silent is a failed run and costs no other one.
void settings_figure(std::vector<SettingsPoint>& points, const Dataset& dataset, std::uint64_t runs,
                     FinishedRuns& finished, const std::function<void(const SettingsPoint&)>& told);

/// "KEY=VALUE KEY=VALUE"
std::string settings_text(std::span<const Alternatives> alternatives, const SettingsPoint& point);
/// One line for each point: the values, mean_accuracy, standard_deviation, runs, accuracies.
std::string settings_csv(std::span<const Alternatives> alternatives, std::span<const SettingsPoint> points);

}  // namespace shallows
