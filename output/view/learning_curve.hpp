// How a training went, from /metrics of its file.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "output/h5/h5.hpp"
#include "output/plot/text_chart.hpp"

namespace shallows {

/// Columns of /metrics over one of them.
struct LearningCurve {
  std::string x_name;
  std::vector<double> x;
  std::vector<std::pair<std::string, std::vector<double>>> columns;  ///< each as long as x
};

/// With no names given: over "images", "images_trained", "iteration" or "epoch", or else the row number,
/// those columns whose name has "accuracy" or "error" in it. Empty if the file has none. Throws Error
/// (configuration) if a named column is missing.
LearningCurve read_learning_curve(const h5::File& file, std::span<const std::string> columns = {});
/// A chart for each column.
std::string render_learning_curve(const LearningCurve& curve, const ChartStyle& style);
nlohmann::json to_json(const LearningCurve& curve);

}  // namespace shallows
