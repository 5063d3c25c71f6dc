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
void require_settings(const Settings& settings) {
  for (const std::string& setting : settings) {
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

Config config_of(const StudyRow& row, Settings settings, const StudyChoice& choice) {
  try {
    const std::string source = row.config.empty() ? "the defaults" : choice.find_config(row.config);
    Config config = row.config.empty() ? parse_config("", source, settings) : read_config(source, settings);
    apply_record("none", config);  // spikes of many runs would fill the disk
    return config;
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("row '{}': {}", row.name, error.what()));
  }
}

}  // namespace

StudyPlan plan_study(const Study& study, const StudyChoice& choice) {
  std::string scale = choice.scale;
  if (scale.empty() && !study.scale_names.empty()) scale = study.scale_names.front();
  if (!scale.empty() && std::ranges::find(study.scale_names, scale) == study.scale_names.end())
    throw Error(ErrorKind::configuration, unknown_name("scale", scale, study.name, study.scale_names));
  require_unlike_values(study);
  std::vector<std::string> names;
  for (const StudyRow& row : study.rows) names.push_back(row.name);
  for (const std::string& name : choice.rows) {
    if (std::ranges::find(names, name) == names.end())
      throw Error(ErrorKind::configuration, unknown_name("row", name, study.name, names));
  }
  StudyPlan plan{.points = points_of(study.sweeps), .runs = {}};
  const auto add = [&](std::size_t r, std::size_t column, std::size_t p, std::uint64_t seed) {
    const StudyRow& row = study.rows[r];
    Settings settings = settings_of(study, row, study.columns[column], scale);
    const StudyPoint& point = plan.points[p];
    for (std::size_t k = 0; k < point.values.size(); ++k)
      settings.push_back(study.sweeps[point.sweep][k].key + "=" + point.values[k]);
    settings.insert(settings.end(), choice.overrides.begin(), choice.overrides.end());
    require_settings(settings);
    settings.push_back(fmt::format("seed={}", seed));
    settings.push_back(fmt::format("name=\"{}\"", row.name));
    plan.runs.push_back({.row = r,
                         .column = column,
                         .point = p,
                         .seed = seed,
                         .config = config_of(row, std::move(settings), choice),
                         .bank_from = std::nullopt});
  };
  const auto giver_of = [&](const StudyRow& row, std::size_t p, std::uint64_t seed) {
    const auto found = std::ranges::find(names, row.bank_of);
    if (found == names.end()) {
      throw Error(ErrorKind::configuration,
                  unknown_name("row", row.bank_of, "bank_of of row '" + row.name + "'", names));
    }
    const auto r = static_cast<std::size_t>(found - names.begin());
    for (std::size_t k = 0; k < plan.runs.size(); ++k) {
      const StudyRun& run = plan.runs[k];
      if (run.row == r && run.column == 0 && run.point == p && run.seed == seed) return k;
    }
    add(r, 0, p, seed);
    return plan.runs.size() - 1;
  };
  for (std::size_t r = 0; r < study.rows.size(); ++r) {
    const StudyRow& row = study.rows[r];
    if (!choice.rows.empty() && std::ranges::find(choice.rows, row.name) == choice.rows.end()) continue;
    for (std::size_t p = 0; p < plan.points.size(); ++p) {
      for (std::size_t column = 0; column < study.columns.size(); ++column) {
        if (!has_column(study, row, column, scale)) continue;
        for (const std::uint64_t seed : study.seeds) {
          const auto giver = row.bank_of.empty() ? std::nullopt : std::optional(giver_of(row, p, seed));
          add(r, column, p, seed);
          plan.runs.back().bank_from = giver;
        }
      }
    }
  }
  return plan;
}

}  // namespace shallows
