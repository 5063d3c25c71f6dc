#include "experiments/study/paper.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "experiments/config/suggest.hpp"
#include "experiments/run/bank.hpp"
#include "experiments/run/statistics.hpp"
#include "experiments/run/stored/ensure_run.hpp"
#include "experiments/run/stored/provenance.hpp"

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

/// Of localized rows of this coding.
Size asked_size(const PaperOptions& options, std::string_view coding) {
  const PaperScale& scale = paper_scale(options.scale);
  const std::uint64_t updates = coding == "spiking" ? scale.spiking_updates : scale.rate_updates;
  return {.hidden = options.hidden.value_or(scale.hidden),
          .patch = options.patch.value_or(scale.patch),
          .updates = options.updates.value_or(updates)};
}

Size size_of(const PaperRow& row, const PaperOptions& options, const Dataset& dataset) {
  Size size = asked_size(options, row.coding);
  if (row.largest != 0)
    size.hidden = std::min({size.hidden, row.largest, dataset.train.shape().pixels() - 1});
  if (row.reach == Reach::image) size.patch = image_side(dataset);
  return size;
}

bool has_hidden_layer(const PaperRow& row) { return row.model != "sp"; }

enum class Recipe { untuned, tuned, tuned_for_curves };

/// Names the run in tables; its file is DIRECTORY/<name>.h5.
std::string run_name(const PaperRow& row, const PaperOptions& options, const Size& size, Recipe recipe,
                     std::uint64_t seed) {
  std::string name = fmt::format("{}-{}-{}", options.dataset, row.coding, row.model);
  if (has_hidden_layer(row)) name += fmt::format("-n{}-p{}", size.hidden, size.patch);
  name += fmt::format("-u{}", size.updates);
  if (recipe != Recipe::untuned) name += "-tuned";
  if (recipe == Recipe::tuned_for_curves) name += "-curve";
  return name + fmt::format("-s{}", seed);
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
  if (row.largest != 0) overrides.push_back(fmt::format("hidden.features={}", size.hidden));
  const auto add = [&](const Settings& settings) {
    overrides.insert(overrides.end(), settings.begin(), settings.end());
  };
  const DatasetSettings on_dataset = settings_on(options.dataset, row);
  add(row.settings);
  add(on_dataset.settings);
  if (recipe == Recipe::tuned_for_curves) add(row.tuned_for_curves);
  if (recipe == Recipe::tuned) {
    add(row.tuned);
    if (row.tuned_rate_times_hidden > 0.0) {
      constexpr std::uint64_t kSmallest = 1000;
      const auto hidden = static_cast<double>(std::max(size.hidden, kSmallest));
      const double rate = row.tuned_rate_times_hidden / hidden;
      overrides.push_back(fmt::format("training.learning_rate={}", rate));
    }
  }
  if (recipe != Recipe::untuned) {
    add(on_dataset.tuned);
  }
  Config config = parse_config("", fmt::format("paper, {} {}", row.coding, row.model), overrides);
  apply_record("none", config);  // spikes of many runs would fill the disk
  check_against_data(config, dataset.train.shape());
  return config;
}

/// A run that the table asks for.
struct Run {
  Config config;
  std::string file;
};

Run plan_run(const PaperRow& row, const PaperOptions& options, const Dataset& dataset, const Size& size,
             Recipe recipe, std::uint64_t seed) {
  Config config = config_of(row, options, dataset, size, recipe, seed);
  std::string file = (std::filesystem::path(options.directory) / (config.name + ".h5")).string();
  return {.config = std::move(config), .file = std::move(file)};
}

const PaperRow& rate_row(std::string_view model) {
  const auto rows = paper_rows();
  return *std::find_if(rows.begin(), rows.end(),
                       [&](const PaperRow& row) { return row.model == model && row.coding == "rate"; });
}

/// The figures of the run, after training it and the run whose bank it takes. Nothing after a signal.
std::optional<nlohmann::json> train_run(Run run, const PaperRow& row, const PaperOptions& options,
                                        const Dataset& dataset, Recipe recipe) {
  std::optional<ReceptiveFields> bank;
  const bool gives_itself = row.model == row.bank_of && row.coding == "rate" && recipe == Recipe::untuned;
  if (!row.bank_of.empty() && !gives_itself) {
    const PaperRow& source = rate_row(row.bank_of);
    const Size size = size_of(source, options, dataset);
    const Run giver = plan_run(source, options, dataset, size, Recipe::untuned, run.config.seed);
    if (!train_run(giver, source, options, dataset, Recipe::untuned)) return {};
    bank = read_bank(giver.file, run.config, dataset).fields;
  }
  return ensure_run(run.config, dataset,
                    {.output = run.file,
                     .verbosity = options.verbosity,
                     .provenance = make_provenance(run.config, options.command_line, options.threads),
                     .bank = std::move(bank)});
}

std::optional<Measurement> measure(const PaperRow& row, const PaperOptions& options, const Dataset& dataset,
                                   const Size& size, Recipe recipe) {
  Measurement measurement;
  for (std::uint64_t seed = 1; seed <= options.seeds; ++seed) {
    const Run run = plan_run(row, options, dataset, size, recipe, seed);
    auto figures = finished_run(run.config, dataset, run.file);
    if (!figures && options.trained_only) continue;
    if (!figures) {
      try {
        figures = train_run(run, row, options, dataset, recipe);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::network) throw;
        measurement.failures.push_back(fmt::format("{}: {}", run.config.name, error.what()));
        continue;
      }
    }
    if (!figures) return {};
    measurement.accuracy.push_back(figures->at("test_accuracy").get<double>());
    measurement.minutes.push_back(figures->at("training_seconds").get<double>() / 60.0);
    measurement.files.push_back(run.file);
  }
  return measurement;
}

PaperResult without_runs(const PaperRow& row, const PaperOptions& options, const Size& size) {
  return {.model = row.model,
          .coding = row.coding,
          .dataset = options.dataset,
          .hidden = has_hidden_layer(row) ? size.hidden : 0,
          .patch = has_hidden_layer(row) ? size.patch : 0,
          .updates = size.updates,
          .published = row.published_on(options.dataset)};
}

bool has_tuned(const PaperRow& row, const PaperOptions& options) {
  return !row.tuned.empty() || !settings_on(options.dataset, row).tuned.empty();
}

std::optional<PaperResult> measure_row(const PaperRow& row, const PaperOptions& options,
                                       const Dataset& dataset) {
  const Size size = size_of(row, options, dataset);
  PaperResult result = without_runs(row, options, size);
  auto ours = measure(row, options, dataset, size, Recipe::untuned);
  if (!ours) return {};
  result.ours = std::move(*ours);
  if (!has_tuned(row, options)) return result;
  result.tuned = measure(row, options, dataset, size, Recipe::tuned);
  return result.tuned ? std::optional(result) : std::nullopt;
}

/// A point of a curve. The paper's constant rate loses classes in large networks, so a curve of it would show
/// that and not what the size does.
std::optional<PaperResult> measure_point(const PaperRow& row, const PaperOptions& options,
                                         const Dataset& dataset, const Size& size) {
  PaperResult result = without_runs(row, options, size);
  const bool tuned = has_tuned(row, options);
  const Recipe recipe = !row.tuned_for_curves.empty() ? Recipe::tuned_for_curves
                        : tuned                       ? Recipe::tuned
                                                      : Recipe::untuned;
  auto runs = measure(row, options, dataset, size, recipe);
  if (!runs) return {};
  result.tuned_for_curves = recipe == Recipe::tuned_for_curves;
  if (tuned) {
    result.tuned = std::move(*runs);
  } else {
    result.ours = std::move(*runs);
  }
  return result;
}

/// Patch sizes end with the side of the images.
std::vector<std::uint64_t> points_of(CurveAxis axis, const Dataset& dataset) {
  if (axis == CurveAxis::hidden) return {curve_hidden_sizes().begin(), curve_hidden_sizes().end()};
  std::vector<std::uint64_t> patches;
  const std::uint64_t side = image_side(dataset);
  std::copy_if(curve_patches().begin(), curve_patches().end(), std::back_inserter(patches),
               [&](std::uint64_t patch) { return patch < side; });
  patches.push_back(side);
  return patches;
}

void require_known(const PaperOptions& options) {
  std::vector<std::string> names;
  for (const PaperRow& row : paper_rows()) {
    const bool is_new = std::find(names.begin(), names.end(), row.model) == names.end();  // rate and spiking
    if (is_new && (options.coding.empty() || row.coding == options.coding)) names.push_back(row.model);
  }
  for (const std::string& model : options.models) {
    if (std::find(names.begin(), names.end(), model) == names.end())
      throw Error(ErrorKind::configuration,
                  unknown_name(options.coding.empty() ? "model" : options.coding + " model", model,
                               "the table has no such row", names));
  }
}

void require_curves(const PaperOptions& options) {
  for (const std::string& model : options.models) {
    if (std::find(curve_models().begin(), curve_models().end(), model) == curve_models().end()) {
      throw Error(ErrorKind::configuration,
                  fmt::format("there is no curve of model '{}' (curves are drawn of {}); choose among these "
                              "with --only",
                              model, fmt::join(curve_models(), ", ")));
    }
  }
}

bool is_wanted(const PaperRow& row, const PaperOptions& options) {
  if (!options.coding.empty() && row.coding != options.coding) return false;
  return options.models.empty() ||
         std::find(options.models.begin(), options.models.end(), row.model) != options.models.end();
}

bool is_empty(const PaperResult& result) {
  return result.ours.is_empty() && (!result.tuned || result.tuned->is_empty());
}

}  // namespace

std::optional<double> Measurement::mean() const {
  return accuracy.empty() ? std::nullopt : std::optional(mean_of(accuracy));
}

std::optional<double> Measurement::mean_minutes() const {
  return minutes.empty() ? std::nullopt : std::optional(mean_of(minutes));
}

std::optional<double> Measurement::deviation() const {
  return accuracy.size() < 2 ? std::nullopt : std::optional(deviation_of(accuracy));
}

std::optional<std::vector<PaperResult>> run_paper(const PaperOptions& options, const Dataset& dataset) {
  require_known(options);
  std::vector<PaperResult> results;
  for (const PaperRow& row : paper_rows()) {
    if (!is_wanted(row, options)) continue;
    auto result = measure_row(row, options, dataset);
    if (!result) return {};
    if (!is_empty(*result)) results.push_back(std::move(*result));
  }
  return results;
}

std::optional<std::vector<PaperResult>> run_paper_curves(const PaperOptions& options, const Dataset& dataset,
                                                         CurveAxis axis) {
  require_known(options);
  require_curves(options);
  std::vector<PaperResult> results;
  for (const std::string_view model : curve_models()) {
    const PaperRow& row = rate_row(model);
    if (axis == CurveAxis::patch && row.reach == Reach::image) continue;
    PaperOptions of_row = options;
    of_row.trained_only = options.trained_only || !is_wanted(row, options);
    for (const std::uint64_t value : points_of(axis, dataset)) {
      Size size = size_of(row, options, dataset);
      (axis == CurveAxis::hidden ? size.hidden : size.patch) = value;
      if (size.patch > image_side(dataset)) continue;
      auto result = measure_point(row, of_row, dataset, size);
      if (!result) return {};
      if (!is_empty(*result)) results.push_back(std::move(*result));
    }
  }
  return results;
}

std::string curves_name(const PaperOptions& options, CurveAxis axis) {
  const Size size = asked_size(options, "rate");
  return axis == CurveAxis::hidden
             ? fmt::format("{}-p{}-u{}-over-hidden", options.dataset, size.patch, size.updates)
             : fmt::format("{}-n{}-u{}-over-patch", options.dataset, size.hidden, size.updates);
}

}  // namespace shallows
