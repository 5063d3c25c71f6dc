// The rows of the paper's Table 2 (Illing, Gerstner and Brea 2019) and of ours that go
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

/// key=value
using Settings = std::vector<std::string>;

struct PaperRow {
  std::string model;   ///< as model_name() says, but for banks of other rows
  std::string coding;  ///< "rate" or "spiking"
  Reach reach;
  /// Beside what the scale and the seed determine: the learning rate and the start of the released scripts,
  /// which are for layers of one size (RP, RG, SC: 1000, PCA, ICA: 5000 neurons), or where the paper's are
  /// not known (spiking networks) what a validation split preferred.
  Settings settings;
  /// Changes of it that do better on validation images of MNIST at 5000 hidden neurons (1000 in spiking
  /// networks), for a column of their own; none: no such column.
  Settings tuned = {};
  /// Of the tuned column: learning rate times hidden neurons, so that an update moves the outputs of layers
  /// of any size alike; layers of less than 1000 neurons get the rate of 1000. 0: the settings have the rate.
  double tuned_rate_times_hidden = 0.0;
  /// In place of `tuned` for the points of curves: what learns in layers and on patches of any size. None: as
  /// the tuned column.
  Settings tuned_for_curves = {};
  /// The paper's test accuracy in percent by data set.
  std::vector<std::pair<std::string, double>> published = {};
  /// Most hidden neurons; they are then all features of one patch, so fewer than its pixels. 0: any number.
  std::uint64_t largest = 0;
  /// The rate model whose run (`settings`, same seed and sizes) has the bank; empty: each run makes its
  /// own. A row that names itself shares the bank of its runs with its tuned ones.
  std::string bank_of = {};

  std::optional<double> published_on(std::string_view dataset) const;
};

/// What a data set needs beside a row's settings: in both columns, and for the tuned one.
struct DatasetSettings {
  Settings settings = {};
  Settings tuned = {};
};

DatasetSettings settings_on(std::string_view dataset, const PaperRow& row);

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
