// The rows of the paper's Table 2 (Illing, Gerstner and Brea 2019; fact sheet, section 8) and of ours that go
// beyond it: what `shallows paper` trains.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shallows {

/// What a hidden neuron sees.
enum class Reach { image, patch };

struct PaperRow {
  std::string model;   ///< as model_name() says
  std::string coding;  ///< "rate" or "spiking"
  Reach reach;
  /// key=value, beside what the scale and the seed determine: the paper's recipe, or where that is not known
  /// (spiking networks) what a validation split preferred.
  std::vector<std::string> settings;
  /// Changes of it that do better on validation images, for a column of their own; none: no such column.
  std::vector<std::string> tuned;
  /// The paper's test accuracy in percent by data set.
  std::vector<std::pair<std::string, double>> published;

  std::optional<double> published_on(std::string_view dataset) const;
};

/// In the order of the table. To add a row is to add an entry.
std::span<const PaperRow> paper_rows();

/// How much of it.
struct PaperScale {
  std::string name;
  std::uint64_t hidden;
  std::uint64_t patch;
  std::uint64_t rate_updates;
  std::uint64_t spiking_updates;
};

/// "quick" or "full"; throws Error (configuration).
const PaperScale& paper_scale(std::string_view name);

/// The models whose accuracy is followed over hidden size and patch size, and the points.
std::span<const std::string_view> curve_models();
std::span<const std::uint64_t> curve_hidden_sizes();
std::span<const std::uint64_t> curve_patches();

}  // namespace shallows
