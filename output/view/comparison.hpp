// Runs side by side: accuracy, spikes, operations, time.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

namespace shallows {

/// NaN where a figure is not known; it is shown as "-" and as null.
struct ComparisonRow {
  std::string file = {};
  std::string name = {};
  std::string model = {};
  std::string coding = {};  ///< "spiking", "rate" or "memory"
  std::string dataset = {};
  std::uint64_t hidden = 0;  ///< neurons
  std::uint64_t seed = 0;
  double epochs = 0.0;
  double test_accuracy = 0.0;  ///< percent
  std::uint64_t test_images = 0;
  std::string test_sha256 = {};                  ///< of all images of the test files
  std::vector<std::uint32_t> lost_classes = {};  ///< never the answer to the test images
  std::array<double, 2> ci95 = {0.0, 100.0};     ///< percent, by wilson_interval
  double spikes_per_image = 0.0;                 ///< of all populations; 0 without spikes
  double synaptic_operations_per_image = 0.0;
  double training_seconds = 0.0;
  double ms_per_image = 0.0;
};

/// Wilson's score interval at 95 % for a proportion (Wilson 1927), in percent; {0, 100} for n = 0.
std::array<double, 2> wilson_interval(std::uint64_t correct, std::uint64_t n);

/// What makes accuracies of these rows incomparable, a sentence each: rows of one data set that were tested
/// on different images.
std::vector<std::string> comparison_warnings(std::span<const ComparisonRow> rows);

/// Aligned columns for a terminal; those of the lost classes only if there are any.
std::string comparison_table(std::span<const ComparisonRow> rows);
std::string comparison_markdown(std::span<const ComparisonRow> rows);
/// RFC 4180; one column for each member, the interval as ci95_low and ci95_high, full precision.
std::string comparison_csv(std::span<const ComparisonRow> rows);
/// An array of objects with the names of the members.
nlohmann::json comparison_json(std::span<const ComparisonRow> rows);

}  // namespace shallows
