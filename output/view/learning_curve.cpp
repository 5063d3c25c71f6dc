#include "output/view/learning_curve.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/core/error.hpp"

namespace shallows {

using nlohmann::json;

namespace {

std::vector<std::string> metric_columns(const h5::File& file) {
  std::vector<std::string> names;
  if (!file.contains("/metrics")) return names;
  for (const h5::Child& child : file.children("/metrics")) {
    if (child.kind == h5::ObjectKind::dataset && file.shape("/metrics/" + child.name).size() == 1) {
      names.push_back(child.name);
    }
  }
  return names;
}

std::vector<double> read_column(const h5::File& file, const std::string& name) {
  const std::string path = "/metrics/" + name;
  if (file.info(path).type.starts_with("float")) return file.read<double>(path);
  const auto whole = file.read<std::uint64_t>(path);
  return {whole.begin(), whole.end()};
}

}  // namespace

LearningCurve read_learning_curve(const h5::File& file, std::span<const std::string> columns) {
  const auto present = metric_columns(file);
  const auto has = [&](const std::string& name) {
    return std::find(present.begin(), present.end(), name) != present.end();
  };
  std::vector<std::string> wanted(columns.begin(), columns.end());
  for (const std::string& name : wanted) {
    if (!has(name)) {
      throw Error(ErrorKind::configuration,
                  fmt::format("{} has no metric '{}' (it has {}); choose one of these", file.path(), name,
                              fmt::join(present, ", ")));
    }
  }
  LearningCurve curve;
  for (const char* name : {"images", "images_trained", "iteration", "epoch"}) {
    if (curve.x_name.empty() && has(name)) curve.x_name = name;
  }
  for (const std::string& name : present) {
    const bool telling =
        name.find("accuracy") != std::string::npos || name.find("error") != std::string::npos;
    if (columns.empty() && telling && name != curve.x_name) wanted.push_back(name);
  }
  if (wanted.empty()) return {};
  for (const std::string& name : wanted) curve.columns.emplace_back(name, read_column(file, name));
  if (curve.x_name.empty()) {
    curve.x_name = "row";
    for (std::size_t i = 0; i < curve.columns[0].second.size(); ++i)
      curve.x.push_back(static_cast<double>(i));
  } else {
    curve.x = read_column(file, curve.x_name);
  }
  for (const auto& [name, values] : curve.columns) {
    if (values.size() != curve.x.size()) {
      throw Error(ErrorKind::data,
                  fmt::format("metrics '{}' and '{}' of {} differ in length ({} and {}); the file is "
                              "damaged",
                              curve.x_name, name, file.path(), curve.x.size(), values.size()));
    }
  }
  return curve;
}

std::string render_learning_curve(const LearningCurve& curve, const ChartStyle& style) {
  std::string text;
  for (const auto& [name, values] : curve.columns)
    text += render_chart(curve.x, values, name, curve.x_name, style);
  return text;
}

json to_json(const LearningCurve& curve) {
  if (curve.columns.empty()) return json();
  json columns = {{curve.x_name, curve.x}};
  for (const auto& [name, values] : curve.columns) columns[name] = values;
  return {{"x", curve.x_name}, {"columns", columns}};
}

}  // namespace shallows
