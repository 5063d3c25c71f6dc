#include "experiments/run/bank.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "encoders/fixed_fields.hpp"
#include "experiments/config_schema.hpp"
#include "experiments/run/interrupt.hpp"

namespace shallows {
namespace {

constexpr const char* kLateralWeights = "receptive_fields/lateral_weights";
constexpr const char* kLateralThresholds = "receptive_fields/thresholds";

const NamedArray* find_array(std::span<const NamedArray> arrays, std::string_view name) {
  const auto found = std::ranges::find(arrays, name, &NamedArray::name);
  return found != arrays.end() ? &*found : nullptr;
}

std::string setting(const Config& config, const char* key) {
  return fmt::format("{} = {}", key, to_toml(find_config_key(key)->read(config)));
}

std::string text_of(ImageShape shape) {
  return fmt::format("{} x {} x {}", shape.height, shape.width, shape.channels);
}

[[noreturn]] void refuse_bank(const std::string& path, const std::string& problem) {
  throw Error(
      ErrorKind::configuration,
      fmt::format(
          "the bank of '{}' does not fit ({}); change the setting, or fit a bank with the same settings "
          "(shallows bank)",
          path, problem));
}

/// Whether a run or bank file of this configuration has fitted the filters to its images: not if they were
/// drawn or given.
bool fits_filters(const Config& config) {
  const bool in_place = config.model == ModelKind::rate && config.rate.hidden_rule != HiddenRule::fixed;
  return is_learned(config.hidden.kind) || in_place;
}

/// How the images that `stored` was fitted on differ from those at hand; empty if they don't.
std::vector<std::string> image_differences(const Config& stored, const nlohmann::json& summary,
                                           const Config& config, const Dataset& dataset) {
  std::vector<std::string> differences;
  for (const char* key : {"dataset.name", "dataset.images", "dataset.classes"}) {
    const std::string there = setting(stored, key);
    if (there != setting(config, key))
      differences.push_back(fmt::format("{}, here {}", there, setting(config, key)));
  }
  const auto recorded = summary.find("training_images");
  if (!differences.empty() || recorded == summary.end() || !config.dataset.classes.empty())
    return differences;
  const std::uint64_t there = recorded->get<std::uint64_t>() + stored.dataset.validation;
  const std::uint64_t here = dataset.train.size() + dataset.validation.size();
  if (there != here) differences.push_back(fmt::format("{} training images, here {}", there, here));
  return differences;
}

/// Held-out images are the last ones, so more were seen where fewer were held out.
bool has_seen_validation(const Config& stored, const Config& config, const Dataset& dataset) {
  const std::uint64_t most = stored.learned.fit_images;
  const bool all = !is_learned(stored.hidden.kind) || most == 0;
  return stored.dataset.validation < config.dataset.validation && (all || most > dataset.train.size());
}

std::vector<std::string> notes_about_images(const RunReader& reader, const Provenance& made,
                                            const Config& stored, const Config& config,
                                            const Dataset& dataset) {
  if (!made.bank.empty() || !fits_filters(stored)) return {};
  const auto differences = image_differences(stored, reader.summary(), config, dataset);
  if (!differences.empty()) {
    return {fmt::format("the bank of '{}' was fitted on other images ({})", reader.path(),
                        fmt::join(differences, "; "))};
  }
  if (!has_seen_validation(stored, config, dataset)) return {};
  return {fmt::format(
      "the bank of '{}' was fitted on images that are held out here, too ({}, here {}); "
      "validation figures may be too good",
      reader.path(), setting(stored, "dataset.validation"), setting(config, "dataset.validation"))};
}

}  // namespace

std::vector<NamedArray> bank_arrays(const ReceptiveFields& bank) {
  std::vector<std::uint16_t> rows, columns;
  for (const PatchPosition position : bank.positions()) {
    rows.push_back(position.row);
    columns.push_back(position.column);
  }
  const std::size_t n = bank.size();
  std::vector<NamedArray> arrays = {{"receptive_fields/filters",
                                     {n, bank.shape().channels, bank.patch(), bank.patch()},
                                     std::vector<float>(bank.filters().begin(), bank.filters().end())},
                                    {"receptive_fields/row", {n}, std::move(rows)},
                                    {"receptive_fields/column", {n}, std::move(columns)}};
  if (const auto& inhibition = bank.inhibition()) {
    const std::size_t population = inhibition->population;
    arrays.push_back({kLateralWeights, {n / population, population, population}, inhibition->weights});
    arrays.push_back({kLateralThresholds, {n}, inhibition->thresholds});
  }
  return arrays;
}

ReceptiveFields stored_bank(std::span<const NamedArray> arrays, ImageShape shape) {
  const auto& rows = array_values<std::uint16_t>(arrays, "receptive_fields/row");
  const auto& columns = array_values<std::uint16_t>(arrays, "receptive_fields/column", rows.size());
  const auto& filters = array_values<float>(arrays, "receptive_fields/filters");
  const NamedArray* named = find_array(arrays, "receptive_fields/filters");
  const std::size_t patch = named->shape.empty() ? 0 : named->shape.back();
  const std::size_t expected = rows.size() * shape.channels * patch * patch;
  bool fits = patch >= 1 && patch <= shape.height && patch <= shape.width && filters.size() == expected;
  std::vector<PatchPosition> positions;
  for (std::size_t i = 0; fits && i < rows.size(); ++i) {
    fits = rows[i] + patch <= shape.height && columns[i] + patch <= shape.width;
    positions.push_back({rows[i], columns[i]});
  }
  std::optional<LateralInhibition> inhibition;
  if (const NamedArray* lateral = find_array(arrays, kLateralWeights)) {
    inhibition = {.population = lateral->shape.empty() ? 0 : lateral->shape.back(),
                  .weights = array_values<float>(arrays, kLateralWeights),
                  .thresholds = array_values<float>(arrays, kLateralThresholds, rows.size())};
    fits = fits && inhibition->population >= 1 && rows.size() % inhibition->population == 0 &&
           inhibition->weights.size() == rows.size() * inhibition->population;
  }
  if (!fits) {
    throw Error(
        ErrorKind::data,
        "the stored receptive fields do not fit their images (the file was changed or damaged); train again");
  }
  const auto finite = [](const std::vector<float>& values) {
    return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
  };
  if (!finite(filters) || (inhibition && !(finite(inhibition->weights) && finite(inhibition->thresholds)))) {
    throw Error(
        ErrorKind::data,
        "the stored receptive fields hold weights that are no numbers or infinite (the file was changed or "
        "damaged); train again");
  }
  return {shape, patch, std::move(positions), filters, std::move(inhibition)};
}

ImageShape stored_shape(std::span<const NamedArray> arrays) {
  const auto& shape = array_values<std::uint32_t>(arrays, "network/image_shape", 3);
  return {.height = shape[0], .width = shape[1], .channels = shape[2]};
}

NamedArray shape_array(ImageShape shape) {
  const auto u32 = [](std::size_t value) { return static_cast<std::uint32_t>(value); };
  return {"network/image_shape",
          {3},
          std::vector<std::uint32_t>{u32(shape.height), u32(shape.width), u32(shape.channels)}};
}

void require_inhibition(const ReceptiveFields& bank, const Config& config, const std::string& source) {
  if (config.rate.inhibition == HiddenInhibition::none || bank.inhibition()) return;
  throw Error(ErrorKind::data,
              fmt::format("the bank of '{}' lacks its inhibition, for {} (it was written by a version of "
                          "shallows that did not keep it); learn it again with shallows bank or train",
                          source, setting(config, "hidden.inhibition")));
}

LearnedFields learn_bank(const Config& config, const Dataset& dataset, Verbosity verbosity) {
  std::optional<Progress> progress;
  const auto report = [&](std::uint64_t done, std::uint64_t total) {
    if (!progress) progress.emplace("bank", 0, total, verbosity, "steps");
    progress->update(done);
    return interrupt::requested() == 0;
  };
  auto learned = learn_fields(config.hidden, config.learned, dataset.train, config.seed, report);
  if (!learned) throw interrupt::Stopped();
  return std::move(*learned);
}

ReceptiveFields scaled_bank(const ReceptiveFields& bank, const Config& config, const ImageSet& images) {
  if (is_fixed(config.hidden.kind)) return bank;
  return scaled_fields(bank, config.learned.scale_by, config.hidden.scale, config.rate.inhibition, images);
}

std::optional<ReceptiveFields> make_bank(const Config& config, const Dataset& dataset, Verbosity verbosity) {
  const FieldKind kind = config.hidden.kind;
  if (kind == FieldKind::none) return std::nullopt;
  if (is_fixed(kind)) return make_fixed_fields(config.hidden, dataset.train.shape(), config.seed);
  if (kind == FieldKind::file) {
    throw Error(ErrorKind::configuration,
                "hidden.kind = \"file\" has no bank (none was given); give one with --bank BANK.h5");
  }
  return scaled_bank(learn_bank(config, dataset, verbosity).bank, config, dataset.train);
}

void write_bank(const std::string& path, const ReceptiveFields& bank, const Provenance& provenance,
                const nlohmann::json& summary) {
  RunWriter writer(path, FileKind::bank);
  writer.write_provenance(provenance);
  writer.write_arrays(bank_arrays(bank));
  const NamedArray shape = shape_array(bank.shape());
  writer.write_arrays(std::span(&shape, 1));
  writer.write_summary(summary);
  writer.commit();
}

GivenBank read_bank(const std::string& path, Config& config, const Dataset& dataset) {
  const RunReader reader(path);
  std::vector<NamedArray> arrays = reader.read_arrays("receptive_fields");
  if (arrays.empty()) {
    throw Error(
        ErrorKind::data,
        fmt::format(
            "'{}' holds no bank (it is a {} file without receptive fields); make one with shallows bank",
            path, to_string(reader.kind())));
  }
  for (NamedArray& array : reader.read_arrays("network")) arrays.push_back(std::move(array));
  const ReceptiveFields bank = stored_bank(arrays, stored_shape(arrays));
  const Provenance made = reader.provenance();
  const Config stored = parse_config(made.config, path, {});

  if (config.hidden.kind != FieldKind::file && config.hidden.kind != stored.hidden.kind) {
    refuse_bank(path,
                fmt::format("{}, here {}", setting(stored, "hidden.kind"), setting(config, "hidden.kind")));
  }
  if (bank.size() != config.hidden.size) {
    refuse_bank(path, fmt::format("it has {} filters, here {}", bank.size(), setting(config, "hidden.size")));
  }
  if (bank.patch() != config.hidden.patch) {
    refuse_bank(path, fmt::format("its patches have side {}, here {}", bank.patch(),
                                  setting(config, "hidden.patch")));
  }
  if (bank.shape() != dataset.train.shape()) {
    refuse_bank(path, fmt::format("it is for images of {}, these are {}; rows x columns x channels",
                                  text_of(bank.shape()), text_of(dataset.train.shape())));
  }
  require_inhibition(bank, config, path);
  std::vector<std::string> notes = notes_about_images(reader, made, stored, config, dataset);
  const Config asked = config;
  if (is_learned(config.hidden.kind)) {
    const FieldScale scale_by = config.learned.scale_by;
    config.learned = stored.learned;
    config.learned.scale_by = scale_by;
  } else if (is_fixed(config.hidden.kind)) {
    config.hidden = stored.hidden;
  }
  if (const auto changes = training_differences(asked, config); !changes.empty()) {
    notes.push_back(fmt::format("settings of the bank of '{}' take the place of those given here ({})", path,
                                fmt::join(changes, ", ")));
  }
  return {.fields = scaled_bank(bank, config, dataset.train),
          .origin = fmt::format("{} (seed {}, {}, git {}): {}", path, made.seed, made.created, made.git_hash,
                                made.command_line),
          .notes = std::move(notes)};
}

}  // namespace shallows
