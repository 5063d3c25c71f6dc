#include "experiments/paper/rows.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "experiments/suggest.hpp"
#include "sim/error.hpp"

namespace shallows {

std::optional<double> PaperRow::published_on(std::string_view dataset) const {
  const auto found = std::find_if(published.begin(), published.end(),
                                  [&](const auto& entry) { return entry.first == dataset; });
  return found != published.end() ? std::optional(found->second) : std::nullopt;
}

std::span<const PaperRow> paper_rows() {
  static const std::vector<PaperRow> rows = {
      {"sp",
       "rate",
       Reach::image,
       {"hidden.kind=none"},
       {"training.learning_rate=6e-3", "training.learning_rate_decay=30"},
       {{"mnist", 91.9}}},
      {"rp",
       "rate",
       Reach::image,
       {"hidden.kind=random"},
       {"hidden.scale=2", "training.learning_rate=4e-4", "training.learning_rate_decay=10"},
       {}},
      {"rg",
       "rate",
       Reach::image,
       {"hidden.kind=gabor", "hidden.gabor_ranges=broad", "training.learning_rate=2e-3"},
       {"training.learning_rate_decay=10"},
       {}},
      {"pca",
       "rate",
       Reach::image,
       {"hidden.kind=pca", "hidden.scale_by=rms", "hidden.scale=0.1", "training.learning_rate=4e-2",
        "training.learning_rate_decay=100"},
       {},
       {},
       500,
       "pca"},
      {"ica",
       "rate",
       Reach::image,
       {"hidden.kind=ica", "training.learning_rate=4e-2", "training.learning_rate_decay=100"},
       {},
       {},
       200,
       "ica"},
      {"sc",
       "rate",
       Reach::image,
       {"hidden.kind=sparse", "hidden.fit_rate=1e-2", "hidden.fit_updates=20000", "hidden.scale_by=rms",
        "hidden.scale=0.1", "training.learning_rate=2e-2", "training.learning_rate_decay=100"},
       {},
       {},
       500,
       "sc"},
      {"bp",
       "rate",
       Reach::image,
       {"hidden.kind=random", "hidden.rule=backprop"},
       {"training.learning_rate=2e-2"},
       {}},
      {"fa",
       "rate",
       Reach::image,
       {"hidden.kind=random", "hidden.rule=feedback-alignment"},
       {"hidden.feedback_scale=3"},
       {}},
      {"l-rp",
       "rate",
       Reach::patch,
       {"hidden.kind=random"},
       {"hidden.scale=2", "training.learning_rate=4e-4", "training.learning_rate_decay=10"},
       {{"mnist", 98.4}}},
      {"l-rg", "rate", Reach::patch, {"hidden.kind=gabor"}, {}, {{"mnist", 98.9}}},
      {"l-pca",
       "rate",
       Reach::patch,
       {"hidden.kind=pca", "hidden.features=10", "hidden.scale_by=rms", "hidden.scale=0.1",
        "training.learning_rate=4e-2", "training.learning_rate_decay=100"},
       {},
       {{"mnist", 98.2}},
       0,
       "l-pca"},
      {"l-ica",
       "rate",
       Reach::patch,
       {"hidden.kind=ica", "hidden.features=10", "training.learning_rate=4e-2",
        "training.learning_rate_decay=100"},
       {},
       {{"mnist", 98.8}},
       0,
       "l-ica"},
      {"l-sc",
       "rate",
       Reach::patch,
       {"hidden.kind=sparse", "hidden.features=10", "hidden.fit_rate=1e-2", "hidden.fit_updates=20000",
        "hidden.scale_by=rms", "hidden.scale=0.1", "training.learning_rate=2e-2",
        "training.learning_rate_decay=100"},
       {},
       {{"mnist", 98.4}},
       0,
       "l-sc"},
      {"l-bp",
       "rate",
       Reach::patch,
       {"hidden.kind=random", "hidden.rule=backprop"},
       {"training.learning_rate=2e-2"},
       {{"mnist", 98.8}}},
      {"l-fa",
       "rate",
       Reach::patch,
       {"hidden.kind=random", "hidden.rule=feedback-alignment"},
       {"hidden.feedback_scale=3"},
       {{"mnist", 98.7}}},
      {"l-rp",
       "spiking",
       Reach::patch,
       {"hidden.kind=random", "training.learning_rate=1e-2", "training.learning_rate_decay=100"},
       {},
       {{"mnist", 98.2}}},
      {"l-rg",
       "spiking",
       Reach::patch,
       {"hidden.kind=gabor", "hidden.scale=80", "training.learning_rate=8e-3",
        "training.learning_rate_decay=100"},
       {},
       {{"mnist", 98.6}}},
      {"l-ica",
       "spiking",
       Reach::patch,
       {"hidden.kind=ica", "hidden.features=10", "hidden.scale=80", "training.learning_rate=8e-3",
        "training.learning_rate_decay=100"},
       {},
       {},
       0,
       "l-ica"},
      {"l-pca",
       "spiking",
       Reach::patch,
       {"hidden.kind=pca", "hidden.features=10", "hidden.scale=40", "training.learning_rate=2e-3",
        "training.learning_rate_decay=100"},
       {},
       {},
       0,
       "l-pca"},
      {"l-sc",
       "spiking",
       Reach::patch,
       {"hidden.kind=sparse", "hidden.features=10", "hidden.fit_rate=1e-2", "hidden.fit_updates=20000",
        "hidden.scale=30", "training.learning_rate=4e-3", "training.learning_rate_decay=100"},
       {},
       {},
       0,
       "l-sc"},
      {"l-bp",
       "spiking",
       Reach::patch,
       {"hidden.kind=file", "hidden.scale=40", "training.learning_rate=8e-3",
        "training.learning_rate_decay=100"},
       {},
       {},
       0,
       "l-bp"},
  };
  return rows;
}

DatasetSettings settings_on(std::string_view dataset, const PaperRow& row) {
  const auto has = [&](const char* setting) {
    return std::find(row.settings.begin(), row.settings.end(), setting) != row.settings.end();
  };
  DatasetSettings result;
  if (dataset == "cifar10" && has("hidden.kind=gabor")) {
    // The ranges that the paper's authors found for CIFAR-10 at patch 10.
    if (row.reach == Reach::patch) result.settings.push_back("hidden.gabor_ranges=tuned-cifar10");
    if (row.coding == "rate") result.settings.push_back("hidden.scale=1.2");
    result.tuned.push_back("hidden.gabor_colour=opponent");
  }
  return result;
}

const PaperScale& paper_scale(std::string_view name) {
  static const std::array<PaperScale, 2> scales = {
      {{.name = "quick", .hidden = 1000, .patch = 10, .rate_updates = 60'000, .spiking_updates = 60'000},
       {.name = "full",
        .hidden = 5000,
        .patch = 10,
        .rate_updates = 1'000'000,
        .spiking_updates = 1'000'000}}};
  for (const PaperScale& scale : scales) {
    if (scale.name == name) return scale;
  }
  const std::vector<std::string> names = {scales[0].name, scales[1].name};
  throw Error(ErrorKind::configuration, unknown_name("scale", name, "", names));
}

std::span<const std::string_view> curve_models() {
  static constexpr std::array<std::string_view, 4> models = {"rp", "rg", "l-rp", "l-rg"};
  return models;
}

std::span<const std::uint64_t> curve_hidden_sizes() {
  static constexpr std::array<std::uint64_t, 7> sizes = {10, 30, 100, 300, 1000, 3000, 10'000};
  return sizes;
}

std::span<const std::uint64_t> curve_patches() {
  static constexpr std::array<std::uint64_t, 9> patches = {1, 2, 3, 5, 7, 10, 14, 20, 28};
  return patches;
}

}  // namespace shallows
