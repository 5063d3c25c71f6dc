// A study: which networks are trained, as data. Rows extend configurations, columns of settings are compared
// in each row, sweeps vary keys, seeds repeat; scales say how much of it. In TOML:
//
//     title = "Receptive fields"
//     about = "Printed above the table."
//     seeds = [1, 2, 3]                  # default: [1]
//     columns = ["untuned", "tuned"]     # default: one, "accuracy"
//     settings.training.epochs = 1       # of every run
//     scales.quick.settings.hidden.size = 1000   # of every run of `--scale quick`; the first is the default
//     groups.local.settings.hidden.patch = 10    # of the rows of this group
//
//     [[row]]
//     name = "l-rg"
//     config = "l-rg"                    # one of configs/, or a path; default: the program's defaults
//     groups = ["local"]
//     published = 98.9                   # percent
//     columns.untuned.training.learning_rate = 5e-3
//     columns.tuned = {}                 # has this column, with nothing of its own
//
//     [[sweep]]                          # every combination; several sweeps are drawn one by one
//     hidden.size = [100, 1000]
//
// `extends = "other"` begins with the rows and settings of another study, `only = ["l-rg"]` keeps some rows
// of it; a row of the same name changes it. `bank_of = "l-bp"` gives a row the bank of another row's run.
// Settings apply in this order, each from study, groups, row: settings, scales.S.settings, columns.C,
// scales.S.columns.C; then a sweep's values and --set. A row has the first column, and those that are named
// in it or in one of its groups.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/config/config.hpp"

namespace shallows {

/// Settings of a configuration, "key=value" with the value as TOML.
using Settings = std::vector<std::string>;

struct StudySettings {
  Settings settings;
  std::map<std::string, Settings> columns;
};

/// What study, groups and rows may say.
struct StudyBlock : StudySettings {
  std::map<std::string, StudySettings> scales;
};

struct StudyRow : StudyBlock {
  std::string name;
  std::string config;               ///< path or name; empty: the defaults
  std::vector<std::string> groups;  ///< later ones override earlier ones
  std::string bank_of;              ///< row whose run, in the first column, gives the bank; empty: none
  std::optional<double> published;  ///< test accuracy [%]
};

struct SweepAxis {
  std::string key;
  std::vector<std::string> values;  ///< as TOML
  std::string giver = "sweep";      ///< for messages
};
using Sweep = std::vector<SweepAxis>;

struct Study : StudyBlock {
  std::string name;
  std::string title;
  std::string about;
  std::vector<std::uint64_t> seeds = {1};
  std::vector<std::string> columns = {"accuracy"};
  std::vector<std::string> scale_names;  ///< in the order of the file
  std::map<std::string, StudyBlock> groups;
  std::vector<StudyRow> rows;
  std::vector<Sweep> sweeps;
};

/// Throws Error (configuration) for a file that is no study, with what is wrong and where.
Study read_study(const std::string& path);
/// Whether a TOML file is a study (it has rows or extends one), not a configuration.
bool is_study(const std::string& path);

/// A study of one configuration.
Study study_of(const std::string& config);
/// "KEY=A,B,...". Throws Error (configuration) for another text.
SweepAxis parse_axis(std::string_view text);
/// "1:5" (1 to 5) or "1,2,7". Throws Error (configuration).
std::vector<std::uint64_t> parse_seeds(std::string_view text);

/// The values of a sweep's keys; of no sweep one without values.
struct StudyPoint {
  std::size_t sweep = 0;
  std::vector<std::string> values;
};

/// One network to train.
struct StudyRun {
  std::size_t row, column, point;
  std::uint64_t seed;
  Config config;
  std::optional<std::size_t> bank_from;  ///< the run that gives the bank
};

struct StudyPlan {
  std::vector<StudyPoint> points;
  std::vector<StudyRun> runs;  ///< in the order of rows, points, columns, seeds; a giver before its takers
};

/// What a call asks of a study.
struct StudyChoice {
  std::string scale;              ///< empty: the first one
  std::vector<std::string> rows;  ///< empty: all
  Settings overrides;
  /// The path of a configuration that is named in a study.
  std::function<std::string(const std::string&)> find_config;
};

/// Throws Error (configuration), naming the row, for unknown names and what read_config refuses.
StudyPlan plan_study(const Study& study, const StudyChoice& choice);

}  // namespace shallows
