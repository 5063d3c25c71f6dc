#include "experiments/paper/paper.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "experiments/run/ensure_run.hpp"
#include "experiments/run/provenance.hpp"
#include "experiments/suggest.hpp"

namespace shallows {
namespace {

/// What a row is trained with, beside its own settings.
struct Size {
  std::uint64_t hidden;
  std::uint64_t patch;
  std::uint64_t updates;
};

std::uint64_t image_side(const Dataset& dataset) {
  return std::min(dataset.train.shape().height, dataset.train.shape().width);
}

Size size_of(const PaperRow& row, const PaperOptions& options, const Dataset& dataset) {
  const PaperScale& scale = paper_scale(options.scale);
  const std::uint64_t updates = row.coding == "spiking" ? scale.spiking_updates : scale.rate_updates;
  return {.hidden = options.hidden.value_or(scale.hidden),
          .patch = row.reach == Reach::image ? image_side(dataset) : options.patch.value_or(scale.patch),
          .updates = options.updates.value_or(updates)};
}

bool has_hidden_layer(const PaperRow& row) { return row.model != "sp"; }

enum class Recipe { paper, tuned };

/// Names the run in tables; its file is DIRECTORY/<name>.h5.
std::string run_name(const PaperRow& row, const PaperOptions& options, const Size& size, Recipe recipe,
                     std::uint64_t seed) {
  std::string name = fmt::format("{}-{}-{}", options.dataset, row.coding, row.model);
  if (has_hidden_layer(row)) name += fmt::format("-n{}-p{}", size.hidden, size.patch);
  return name + fmt::format("-u{}{}-s{}", size.updates, recipe == Recipe::tuned ? "-tuned" : "", seed);
}

Config config_of(const PaperRow& row, const PaperOptions& options, const Dataset& dataset, const Size& size,
                 Recipe recipe, std::uint64_t seed) {
  const double epochs = static_cast<double>(size.updates) / static_cast<double>(dataset.train.size());
  std::vector<std::string> overrides = {
      fmt::format("name={}", run_name(row, options, size, recipe, seed)),
      fmt::format("model={}", row.coding),
      fmt::format("dataset.name={}", options.dataset),
      fmt::format("seed={}", seed),
      fmt::format("training.epochs={}", epochs),
      "training.sampling=with-replacement",
  };
  if (has_hidden_layer(row)) {
    overrides.push_back(fmt::format("hidden.size={}", size.hidden));
    overrides.push_back(fmt::format("hidden.patch={}", size.patch));
  }
  overrides.insert(overrides.end(), row.settings.begin(), row.settings.end());
  if (recipe == Recipe::tuned) overrides.insert(overrides.end(), row.tuned.begin(), row.tuned.end());
  Config config = parse_config("", fmt::format("paper, {} {}", row.coding, row.model), overrides);
  apply_record("none", config);  // spikes of many runs would fill the disk
  check_against_data(config, dataset.train.shape());
  return config;
}

std::optional<Measurement> measure(const PaperRow& row, const PaperOptions& options, const Dataset& dataset,
                                   const Size& size, Recipe recipe) {
  Measurement measurement;
  for (std::uint64_t seed = 1; seed <= options.seeds; ++seed) {
    const Config config = config_of(row, options, dataset, size, recipe, seed);
    const std::string file = (std::filesystem::path(options.directory) / (config.name + ".h5")).string();
    const auto figures =
        ensure_run(config, dataset,
                   {.output = file,
                    .verbosity = options.verbosity,
                    .provenance = make_provenance(config, options.command_line, options.threads)});
    if (!figures) return {};
    measurement.accuracy.push_back(figures->at("test_accuracy").get<double>());
    measurement.minutes +=
        figures->at("train_seconds").get<double>() / 60.0 / static_cast<double>(options.seeds);
    measurement.files.push_back(file);
  }
  return measurement;
}

std::optional<PaperResult> measure_row(const PaperRow& row, const PaperOptions& options,
                                       const Dataset& dataset, const Size& size, bool with_tuned) {
  PaperResult result{.model = row.model,
                     .coding = row.coding,
                     .dataset = options.dataset,
                     .hidden = has_hidden_layer(row) ? size.hidden : 0,
                     .patch = has_hidden_layer(row) ? size.patch : 0,
                     .updates = size.updates,
                     .published = row.published_on(options.dataset)};
  auto ours = measure(row, options, dataset, size, Recipe::paper);
  if (!ours) return {};
  result.ours = std::move(*ours);
  if (!with_tuned || row.tuned.empty()) return result;
  result.tuned = measure(row, options, dataset, size, Recipe::tuned);
  return result.tuned ? std::optional(result) : std::nullopt;
}

void require_known(const PaperOptions& options) {
  std::vector<std::string> names;
  for (const PaperRow& row : paper_rows()) names.push_back(row.model);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const std::string& model : options.models) {
    if (std::find(names.begin(), names.end(), model) == names.end())
      throw Error(ErrorKind::configuration, unknown_name("model", model, "the table has no such row", names));
  }
}

bool is_wanted(const PaperRow& row, const PaperOptions& options) {
  return options.models.empty() ||
         std::find(options.models.begin(), options.models.end(), row.model) != options.models.end();
}

const PaperRow& rate_row(std::string_view model) {
  const auto rows = paper_rows();
  return *std::find_if(rows.begin(), rows.end(),
                       [&](const PaperRow& row) { return row.model == model && row.coding == "rate"; });
}

}  // namespace

double Measurement::mean() const {
  return std::accumulate(accuracy.begin(), accuracy.end(), 0.0) / static_cast<double>(accuracy.size());
}

std::optional<double> Measurement::deviation() const {
  if (accuracy.size() < 2) return {};
  double squares = 0.0;
  for (const double value : accuracy) squares += (value - mean()) * (value - mean());
  return std::sqrt(squares / static_cast<double>(accuracy.size() - 1));
}

std::optional<std::vector<PaperResult>> run_paper(const PaperOptions& options, const Dataset& dataset) {
  require_known(options);
  std::vector<PaperResult> results;
  for (const PaperRow& row : paper_rows()) {
    if (!is_wanted(row, options)) continue;
    auto result = measure_row(row, options, dataset, size_of(row, options, dataset), true);
    if (!result) return {};
    results.push_back(std::move(*result));
  }
  return results;
}

std::optional<std::vector<PaperResult>> run_paper_curves(const PaperOptions& options, const Dataset& dataset,
                                                         CurveAxis axis) {
  require_known(options);
  std::vector<PaperResult> results;
  for (const std::string_view model : curve_models()) {
    const PaperRow& row = rate_row(model);
    if (!is_wanted(row, options) || (axis == CurveAxis::patch && row.reach == Reach::image)) continue;
    for (const std::uint64_t value : axis == CurveAxis::hidden ? curve_hidden_sizes() : curve_patches()) {
      Size size = size_of(row, options, dataset);
      (axis == CurveAxis::hidden ? size.hidden : size.patch) = value;
      if (size.patch > image_side(dataset)) continue;
      auto result = measure_row(row, options, dataset, size, false);
      if (!result) return {};
      results.push_back(std::move(*result));
    }
  }
  return results;
}

}  // namespace shallows
