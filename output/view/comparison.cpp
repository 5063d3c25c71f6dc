#include "output/view/comparison.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "output/view/text_table.hpp"

namespace shallows {
namespace {

struct Column {
  std::string heading;
  bool number;
  std::string (*text)(const ComparisonRow&);
};

std::string fixed(double value, int digits) {
  return std::isnan(value) ? "-" : fmt::format("{:.{}f}", value, digits);
}

/// Columns for people, in both tables.
const std::vector<Column>& columns() {
  using Run = ComparisonRow;
  static const std::vector<Column> all = {
      {"name", false, [](const Run& r) { return r.name; }},
      {"model", false, [](const Run& r) { return r.model; }},
      {"coding", false, [](const Run& r) { return r.coding; }},
      {"dataset", false, [](const Run& r) { return r.dataset; }},
      {"hidden", true, [](const Run& r) { return std::to_string(r.hidden); }},
      {"seed", true, [](const Run& r) { return std::to_string(r.seed); }},
      {"epochs", true,
       [](const Run& r) { return std::isnan(r.epochs) ? "-" : fmt::format("{:.4g}", r.epochs); }},
      {"accuracy %", true, [](const Run& r) { return fixed(r.test_accuracy, 2); }},
      {"95 % interval", true,
       [](const Run& r) { return fmt::format("{} to {}", fixed(r.ci95[0], 2), fixed(r.ci95[1], 2)); }},
      {"images", true, [](const Run& r) { return std::to_string(r.test_images); }},
      {"spikes/image", true, [](const Run& r) { return fixed(r.spikes_per_image, 0); }},
      {"syn. ops/image", true, [](const Run& r) { return fixed(r.synaptic_operations_per_image, 0); }},
      {"training s", true, [](const Run& r) { return fixed(r.training_seconds, 1); }},
      {"ms/image", true, [](const Run& r) { return fixed(r.ms_per_image, 3); }},
      {"file", false, [](const Run& r) { return r.file; }},
  };
  return all;
}

std::string lost_text(const ComparisonRow& row) {
  return fmt::format("{}", fmt::join(row.lost_classes, " "));
}

TextTable table_of(std::span<const ComparisonRow> rows) {
  std::vector<Column> shown = columns();
  const bool any_lost =
      std::any_of(rows.begin(), rows.end(), [](const ComparisonRow& r) { return !r.lost_classes.empty(); });
  if (any_lost) {
    const auto images = std::find_if(shown.begin(), shown.end(),
                                     [](const Column& column) { return column.heading == "images"; });
    shown.insert(images + 1, {"lost classes", false, [](const ComparisonRow& r) {
                                return r.lost_classes.empty() ? std::string("-") : lost_text(r);
                              }});
  }
  TextTable table;
  for (const Column& column : shown) table.columns.push_back({column.heading, column.number});
  for (const ComparisonRow& row : rows) {
    std::vector<std::string>& cells = table.rows.emplace_back();
    for (const Column& column : shown) cells.push_back(column.text(row));
  }
  return table;
}

std::string csv_text(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string csv_number(double value) { return std::isnan(value) ? "" : fmt::format("{}", value); }

}  // namespace

std::array<double, 2> wilson_interval(std::uint64_t correct, std::uint64_t n) {
  if (n == 0) return {0.0, 100.0};
  constexpr double z = 1.959963984540054;
  const double count = static_cast<double>(n);
  const double p = static_cast<double>(correct) / count;
  const double scale = 1.0 + z * z / count;
  const double center = (p + z * z / (2.0 * count)) / scale;
  const double half = z / scale * std::sqrt(p * (1.0 - p) / count + z * z / (4.0 * count * count));
  // Exact at the ends, where rounding could leave the interval beside the proportion.
  const double low = correct == 0 ? 0.0 : std::max(0.0, center - half);
  const double high = correct == n ? 1.0 : std::min(1.0, center + half);
  return {100.0 * low, 100.0 * high};
}

std::vector<std::string> comparison_warnings(std::span<const ComparisonRow> rows) {
  std::vector<std::string> warnings;
  for (const ComparisonRow& row : rows) {
    // Against the first row of the same data set.
    const auto first = std::find_if(rows.begin(), rows.end(), [&](const ComparisonRow& other) {
      return other.dataset == row.dataset && !other.test_sha256.empty();
    });
    if (row.test_sha256.empty() || first->test_sha256 == row.test_sha256) continue;
    warnings.push_back(
        fmt::format("'{}' and '{}' were tested on different images (both called {}, SHA-256 {:.8}... and "
                    "{:.8}...); their "
                    "accuracies can't be compared",
                    first->file, row.file, row.dataset, first->test_sha256, row.test_sha256));
  }
  return warnings;
}

std::string comparison_table(std::span<const ComparisonRow> rows) { return aligned(table_of(rows)); }

std::string comparison_markdown(std::span<const ComparisonRow> rows) { return markdown(table_of(rows)); }

std::string comparison_csv(std::span<const ComparisonRow> rows) {
  std::string text =
      "file,name,model,coding,dataset,hidden,seed,epochs,test_accuracy,test_images,test_sha256,lost_classes,"
      "ci95_low,ci95_high,spikes_per_image,synaptic_operations_per_image,training_seconds,ms_per_image\r\n";
  for (const ComparisonRow& r : rows) {
    text += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\r\n", csv_text(r.file),
                        csv_text(r.name), csv_text(r.model), csv_text(r.coding), csv_text(r.dataset),
                        r.hidden, r.seed, csv_number(r.epochs), csv_number(r.test_accuracy), r.test_images,
                        r.test_sha256, lost_text(r), csv_number(r.ci95[0]), csv_number(r.ci95[1]),
                        csv_number(r.spikes_per_image), csv_number(r.synaptic_operations_per_image),
                        csv_number(r.training_seconds), csv_number(r.ms_per_image));
  }
  return text;
}

nlohmann::json comparison_json(std::span<const ComparisonRow> rows) {
  auto array = nlohmann::json::array();
  for (const ComparisonRow& r : rows) {
    array.push_back({{"file", r.file},
                     {"name", r.name},
                     {"model", r.model},
                     {"coding", r.coding},
                     {"dataset", r.dataset},
                     {"hidden", r.hidden},
                     {"seed", r.seed},
                     {"epochs", r.epochs},
                     {"test_accuracy", r.test_accuracy},
                     {"test_images", r.test_images},
                     {"test_sha256", r.test_sha256},
                     {"lost_classes", r.lost_classes},
                     {"ci95", r.ci95},
                     {"spikes_per_image", r.spikes_per_image},
                     {"synaptic_operations_per_image", r.synaptic_operations_per_image},
                     {"training_seconds", r.training_seconds},
                     {"ms_per_image", r.ms_per_image}});
  }
  return array;
}

}  // namespace shallows
