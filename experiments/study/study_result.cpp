#include "experiments/study/study_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

namespace shallows {

std::optional<double> mean_of(const Values& values) {
  if (values.empty()) return std::nullopt;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::optional<double> deviation_of(const Values& values) {
  if (values.size() < 2) return std::nullopt;
  const double mean = *mean_of(values);
  double squares = 0.0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

void add_figures(const nlohmann::json& figures, StudyCell& cell) {
  const auto add = [&](const char* name, Values& values) {
    if (const auto found = figures.find(name); found != figures.end() && found->is_number())
      values.push_back(found->get<double>());
  };
  add("test_accuracy", cell.test);
  add("validation_accuracy", cell.validation);
  add("test_synaptic_operations_per_image", cell.operations);
  add("training_seconds", cell.seconds);
  if (const auto spikes = figures.find("test_spikes_per_image");
      spikes != figures.end() && !spikes->empty()) {
    double sum = 0.0;
    for (const auto& [population, count] : spikes->items()) sum += count.get<double>();
    cell.spikes.push_back(sum);
  }
  if (const auto lost = figures.find("test_lost_classes"); lost != figures.end() && !lost->empty())
    ++cell.lost_classes;
}

StudyResult gather(const Study& study, const StudyPlan& plan, RunStore& store) {
  StudyResult result{.study = &study, .plan = &plan, .cells = {}, .outcomes = {}};
  for (const StudyRun& run : plan.runs) {
    auto cell = std::ranges::find_if(result.cells, [&](const StudyCell& one) {
      return one.row == run.row && one.point == run.point && one.column == run.column;
    });
    if (cell == result.cells.end()) {
      StudyCell fresh{};
      fresh.row = run.row;
      fresh.point = run.point;
      fresh.column = run.column;
      cell = result.cells.insert(cell, std::move(fresh));
    }
    result.outcomes.push_back(store.outcome(run));
    const auto& outcome = result.outcomes.back();
    if (!outcome) {
      ++cell->missing;
    } else if (!outcome->failure.empty()) {
      ++cell->failed;
    } else {
      add_figures(outcome->figures, *cell);
    }
  }
  // A row that gives its bank is planned before the row that takes it.
  std::ranges::sort(result.cells, {},
                    [](const StudyCell& cell) { return std::tuple(cell.row, cell.point, cell.column); });
  return result;
}

std::vector<std::string> varied_keys(const Study& study) {
  std::vector<std::string> keys;
  for (const Sweep& sweep : study.sweeps) {
    for (const SweepAxis& axis : sweep) {
      if (std::ranges::find(keys, axis.key) == keys.end()) keys.push_back(axis.key);
    }
  }
  return keys;
}

std::string value_of(const StudyResult& result, std::size_t point, const std::string& key) {
  const StudyPoint& at = result.plan->points[point];
  for (std::size_t k = 0; k < at.values.size(); ++k) {
    if (result.study->sweeps[at.sweep][k].key != key) continue;
    std::string value = at.values[k];
    std::erase_if(value, [](char c) { return c == '"' || c == '\''; });
    return value;
  }
  return "";
}

std::string best_on_validation(const StudyResult& result) {
  for (const std::string& key : varied_keys(*result.study)) {
    if (key.starts_with("dataset.")) return "";  // accuracies on unlike images
  }
  const StudyCell* best = nullptr;
  for (const StudyCell& cell : result.cells) {
    if (cell.failed > 0) continue;  // a network that fails with some seeds is no choice
    if (cell.validation.empty()) return "";
    if (best == nullptr || mean_of(cell.validation) > mean_of(best->validation)) best = &cell;
  }
  if (best == nullptr || result.cells.size() < 2) return "";
  std::string text = result.study->rows[best->row].name;
  if (result.study->columns.size() > 1) text += " " + result.study->columns[best->column];
  for (const std::string& key : varied_keys(*result.study)) {
    const std::string value = value_of(result, best->point, key);
    if (!value.empty()) text += fmt::format(", {} = {}", key, value);
  }
  return fmt::format("best on validation images: {} ({:.2f} %)", text, *mean_of(best->validation));
}

}  // namespace shallows
