#include <fmt/format.h>

#include <algorithm>

#include "experiments/config/suggest.hpp"
#include "experiments/study/study.hpp"
#include "sim/core/error.hpp"

namespace shallows {
namespace {

std::vector<StudyPoint> points_of(const std::vector<Sweep>& sweeps) {
  if (sweeps.empty()) return {StudyPoint{}};
  std::vector<StudyPoint> points;
  for (std::size_t s = 0; s < sweeps.size(); ++s) {
    std::vector<StudyPoint> grid = {{.sweep = s, .values = {}}};
    for (const SweepAxis& axis : sweeps[s]) {
      std::vector<StudyPoint> longer;
      for (const StudyPoint& point : grid) {
        for (const std::string& value : axis.values) {
          longer.push_back(point);
          longer.back().values.push_back(value);
        }
      }
      grid = std::move(longer);
    }
    points.insert(points.end(), grid.begin(), grid.end());
  }
  return points;
}

/// Study, groups and row, in the order in which they apply.
std::vector<const StudyBlock*> blocks_of(const Study& study, const StudyRow& row) {
  std::vector<const StudyBlock*> blocks = {&study};
  for (const std::string& name : row.groups) {
    const auto found = study.groups.find(name);
    if (found == study.groups.end()) {
      std::vector<std::string> names;
      for (const auto& [known, block] : study.groups) names.push_back(known);
      throw Error(ErrorKind::configuration, unknown_name("group", name, "row '" + row.name + "'", names));
    }
    blocks.push_back(&found->second);
  }
  blocks.push_back(&row);
  return blocks;
}

bool has_column(const Study& study, const StudyRow& row, std::size_t column, const std::string& scale) {
  if (column == 0) return true;
  const auto blocks = blocks_of(study, row);
  return std::any_of(blocks.begin() + 1, blocks.end(), [&](const StudyBlock* block) {
    const auto at_scale = block->scales.find(scale);
    return block->columns.contains(study.columns[column]) ||
           (at_scale != block->scales.end() && at_scale->second.columns.contains(study.columns[column]));
  });
}

/// Later settings of a key count.
Settings settings_of(const Study& study, const StudyRow& row, const std::string& column,
                     const std::string& scale) {
  Settings all;
  const auto add = [&](const Settings& more) { all.insert(all.end(), more.begin(), more.end()); };
  const auto blocks = blocks_of(study, row);
  const auto add_columns = [&](const StudySettings& block) {
    if (const auto found = block.columns.find(column); found != block.columns.end()) add(found->second);
  };
  const auto for_scales = [&](auto&& use) {
    for (const StudyBlock* block : blocks) {
      if (const auto found = block->scales.find(scale); found != block->scales.end()) use(found->second);
    }
  };
  for (const StudyBlock* block : blocks) add(block->settings);
  for_scales([&](const StudySettings& block) { add(block.settings); });
  for (const StudyBlock* block : blocks) add_columns(*block);
  for_scales(add_columns);
  return all;
}

/// Throws Error (configuration) for what the study itself says of a run.
void require_settings(const Overrides& settings) {
  for (const auto& [setting, giver] : settings.list) {
    const std::string key = setting.substr(0, setting.find('='));
    const bool is_seed = key == "seed";
    if (!is_seed && key != "name") continue;
    throw Error(ErrorKind::configuration,
                fmt::format("a study can't set '{}' ({}); {}", key,
                            is_seed ? "its seeds are those of all rows" : "runs are named after their rows",
                            is_seed ? "write seeds = [...], or --seeds 1:5" : "name the rows"));
  }
}

template <class Value>
void require_unlike(std::vector<Value> values, const std::string& what) {
  std::ranges::sort(values);
  if (const auto twice = std::ranges::adjacent_find(values); twice != values.end()) {
    throw Error(ErrorKind::configuration,
                fmt::format("{} {} is given twice (it would count twice); leave one out", what, *twice));
  }
}

void require_unlike_values(const Study& study) {
  require_unlike(study.seeds, "seed");
  for (const Sweep& sweep : study.sweeps) {
    std::vector<std::string> keys;
    for (const SweepAxis& axis : sweep) {
      keys.push_back(axis.key);
      require_unlike(axis.values, axis.key + " =");
    }
    require_unlike(keys, "key");
  }
}

Config config_of(const StudyRow& row, const Overrides& settings, const StudyChoice& choice) {
  try {
    const std::string source = row.config.empty() ? "the defaults" : choice.find_config(row.config);
    Config config = row.config.empty() ? parse_config("", source, settings) : read_config(source, settings);
    apply_record("none", config);  // spikes of many runs would fill the disk
    return config;
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("row '{}': {}", row.name, error.what()));
  }
}

/// Adds runs to a plan, each once.
class Planner {
 public:
  Planner(const Study& study, const StudyChoice& choice, std::string scale)
      : study_(study), choice_(choice), scale_(std::move(scale)) {
    plan_.points = points_of(study.sweeps);
    for (const StudyRow& row : study.rows) names_.push_back(row.name);
  }

  StudyPlan plan() {
    for (const std::string& name : choice_.rows) index_of(name, study_.name);
    for (std::size_t r = 0; r < study_.rows.size(); ++r) {
      const StudyRow& row = study_.rows[r];
      if (!choice_.rows.empty() && std::ranges::find(choice_.rows, row.name) == choice_.rows.end()) continue;
      for (std::size_t p = 0; p < plan_.points.size(); ++p) {
        for (std::size_t column = 0; column < study_.columns.size(); ++column) {
          if (!has_column(study_, row, column, scale_)) continue;
          for (const std::uint64_t seed : study_.seeds) add(r, column, p, seed, 0);
        }
      }
    }
    return std::move(plan_);
  }

 private:
  std::size_t index_of(const std::string& name, const std::string& where) const {
    const auto found = std::ranges::find(names_, name);
    if (found == names_.end())
      throw Error(ErrorKind::configuration, unknown_name("row", name, where, names_));
    return static_cast<std::size_t>(found - names_.begin());
  }

  /// The run's place in the plan, behind that of the run that gives its bank; `takers` have led to it.
  std::size_t add(std::size_t r, std::size_t column, std::size_t p, std::uint64_t seed, std::size_t takers) {
    for (std::size_t k = 0; k < plan_.runs.size(); ++k) {
      const StudyRun& run = plan_.runs[k];
      if (run.row == r && run.column == column && run.point == p && run.seed == seed) return k;
    }
    const StudyRow& row = study_.rows[r];
    if (takers > study_.rows.size()) {
      throw Error(
          ErrorKind::configuration,
          fmt::format("row '{}' gives its bank to itself (bank_of leads in a circle); end it somewhere",
                      row.name));
    }
    std::optional<std::size_t> giver;
    if (!row.bank_of.empty())
      giver = add(index_of(row.bank_of, "bank_of of row '" + row.name + "'"), 0, p, seed, takers + 1);
    plan_.runs.push_back({.row = r,
                          .column = column,
                          .point = p,
                          .seed = seed,
                          .config = config_of(row, settings(row, column, p, seed), choice_),
                          .bank_from = giver});
    if (!giver && origin_of(plan_.runs.back().config.hidden.bank) == BankOrigin::given) {
      throw Error(
          ErrorKind::configuration,
          fmt::format("row '{}' has no bank (hidden.kind = \"file\", and no row gives it one); name the "
                      "row that does, bank_of = \"...\"",
                      row.name));
    }
    return plan_.runs.size() - 1;
  }

  Overrides settings(const StudyRow& row, std::size_t column, std::size_t p, std::uint64_t seed) const {
    Overrides all;
    all.add(settings_of(study_, row, study_.columns[column], scale_), "settings");
    const StudyPoint& point = plan_.points[p];
    for (std::size_t k = 0; k < point.values.size(); ++k) {
      const SweepAxis& axis = study_.sweeps[point.sweep][k];
      all.add({axis.key + "=" + point.values[k]}, axis.giver);
    }
    all.add(choice_.overrides, "--set");
    require_settings(all);
    all.add({fmt::format("seed={}", seed), fmt::format("name=\"{}\"", row.name)}, "study");
    return all;
  }

  const Study& study_;
  const StudyChoice& choice_;
  std::string scale_;
  std::vector<std::string> names_;
  StudyPlan plan_;
};

}  // namespace

StudyPlan plan_study(const Study& study, const StudyChoice& choice) {
  std::string scale = choice.scale;
  if (scale.empty() && !study.scale_names.empty()) scale = study.scale_names.front();
  if (!scale.empty() && std::ranges::find(study.scale_names, scale) == study.scale_names.end())
    throw Error(ErrorKind::configuration, unknown_name("scale", scale, study.name, study.scale_names));
  require_unlike_values(study);
  return Planner(study, choice, scale).plan();
}

}  // namespace shallows
