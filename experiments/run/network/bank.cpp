#include "experiments/run/network/bank.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "experiments/config/config_schema.hpp"
#include "experiments/run/interrupt.hpp"
#include "experiments/run/stored/data_record.hpp"

namespace shallows {
namespace {

constexpr const char* kLateralWeights = "receptive_fields/lateral_weights";
constexpr const char* kLateralThresholds = "receptive_fields/thresholds";

const NamedArray* find_array(std::span<const NamedArray> arrays, std::string_view name) {
  const auto found = std::ranges::find(arrays, name, &NamedArray::name);
  return found != arrays.end() ? &*found : nullptr;
}

std::string setting(const Config& config, const char* name) {
  return fmt::format("{} = {}", name, to_toml(applicable_key(name, config)->read(config)));
}

BankOrigin origin_of(const Config& config) { return origin_of(config.hidden.bank); }

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

bool learns_in_place(const Config& config) {
  return config.rate() != nullptr && learning_params(config.rate()->hidden.rule) != nullptr;
}

/// What the filters of a file were fitted to: the images of its run, and those of a bank that it was given.
/// Nothing if they were drawn.
std::vector<LearnedImages> images_of_filters(const RunReader& reader, const Config& stored) {
  const DataRecord record = read_data(reader);
  const bool given = !reader.provenance().bank.empty();
  std::vector<LearnedImages> images;
  if (given || learns_in_place(stored)) images = record.earlier;
  if (learns_in_place(stored) || (origin_of(stored) == BankOrigin::learned && !given))
    images.push_back(record.identity.learned);
  return images;
}

/// How the images that a bank was fitted to differ from those at hand; empty if they don't.
std::string other_images(const LearnedImages& fitted, const LearnedImages& here) {
  if (fitted.files != here.files) {
    return fmt::format("SHA-256 {}... ({}), here {}... ({})", short_digest(fitted.files.sha256),
                       fitted.files.images, short_digest(here.files.sha256), here.files.images);
  }
  if (fitted.classes != here.classes)
    return fmt::format("dataset.classes = \"{}\", here \"{}\"", fitted.classes, here.classes);
  return {};
}

/// Of the same images, multiplied by one factor.
ReceptiveFields times(const ReceptiveFields& bank, double factor) {
  std::vector<float> filters(bank.filters().begin(), bank.filters().end());
  for (float& weight : filters) weight = static_cast<float>(static_cast<double>(weight) * factor);
  return {bank.shape(),
          bank.patch(),
          {bank.positions().begin(), bank.positions().end()},
          std::move(filters),
          bank.inhibition()};
}

/// Throws Error (configuration) that names the key that does not fit the bank.
void require_fitting(const std::string& path, const ReceptiveFields& bank, const Config& stored,
                     const Config& config, ImageShape shape) {
  if (origin_of(config) != BankOrigin::given && config.hidden.bank.index() != stored.hidden.bank.index()) {
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
  if (bank.shape() != shape) {
    refuse_bank(path, fmt::format("it is for images of {}, these are {}; rows x columns x channels",
                                  text_of(bank.shape()), text_of(shape)));
  }
  require_inhibition(bank, config, path);
}

/// Takes over how a bank was made, but not what its network makes of it: the scale and the inhibition.
void take_over(const BankChoice& stored, BankChoice& bank) {
  const BankChoice asked = bank;
  bank = stored;
  if (MeasuredParams* measured = measured_params(bank)) measured->scale_by = measured_params(asked)->scale_by;
  if (auto* sparse = std::get_if<SparseParams>(&bank)) {
    sparse->inhibition = inhibition_of(asked);
    sparse->per_set_scale = has_per_set_scale(asked);
  }
}

float largest_weight(const ReceptiveFields& bank) {
  float largest = 0.0F;
  for (const float weight : bank.filters()) largest = std::max(largest, std::abs(weight));
  return largest;
}

std::vector<std::string> notes_about_scale(const std::string& path, const ReceptiveFields& bank,
                                           const ReceptiveFields& scaled, const Config& config) {
  const double factor =
      static_cast<double>(largest_weight(scaled)) / static_cast<double>(largest_weight(bank));
  if (origin_of(config) == BankOrigin::learned || std::abs(factor - 1.0) <= 1e-6) return {};
  const std::string by =
      origin_of(config) == BankOrigin::drawn ? "" : fmt::format("{}, ", setting(config, "hidden.scale_by"));
  return {fmt::format("the fields of '{}' are multiplied by {:.4g} ({}{})", path, factor, by,
                      setting(config, "hidden.scale"))};
}

/// A bank that a user made, of any number types: filters with the places of their patches, for these images.
GivenBank own_bank(const RunReader& reader, const Config& config, const Dataset& dataset) {
  const std::string& path = reader.path();
  for (const char* name : {"receptive_fields/filters", "receptive_fields/row", "receptive_fields/column"}) {
    if (reader.contains(name)) continue;
    throw Error(
        ErrorKind::data,
        fmt::format("'{}' holds no bank (there is no dataset '{}'); give it filters [n, channels, side, "
                    "side] and for each the row and column of its patch's corner",
                    path, name));
  }
  if (origin_of(config) != BankOrigin::given) {
    refuse_bank(path, fmt::format("it does not say how it was made, here {}; a bank of your own is of "
                                  "hidden.kind = \"file\"",
                                  setting(config, "hidden.kind")));
  }
  const std::string filters = "receptive_fields/filters";
  const h5::Shape shape = reader.shape(filters);
  const ImageShape images = dataset.train.shape();
  if (shape.size() != 4 || shape[1] != images.channels || shape[2] != shape[3]) {
    refuse_bank(path, fmt::format("'{}' is of [{}]; it is to be of [n, channels, side, side], here with {} "
                                  "channels",
                                  filters, fmt::join(shape, ", "), images.channels));
  }
  std::vector<float> values;
  for (const double value : reader.read_array<double>(filters)) values.push_back(static_cast<float>(value));
  std::vector<NamedArray> arrays = {{filters, {shape.begin(), shape.end()}, std::move(values)}};
  for (const std::string name : {"receptive_fields/row", "receptive_fields/column"}) {
    auto places = reader.read_array<std::uint16_t>(name);
    arrays.push_back({name, {places.size()}, std::move(places)});
  }
  const ReceptiveFields bank = stored_bank(arrays, images);
  require_fitting(path, bank, config, config, images);
  ReceptiveFields fields = scaled_bank(bank, config, dataset.train);
  std::vector<std::string> notes = notes_about_scale(path, bank, fields, config);
  return {.fields = std::move(fields),
          .origin = fmt::format("{} (a bank of another program, without provenance)", path),
          .notes = std::move(notes)};
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
  const bool inhibits =
      config.rate() != nullptr && inhibition_of(config.hidden.bank) != HiddenInhibition::none;
  if (!inhibits || bank.inhibition()) return;
  throw Error(ErrorKind::data,
              fmt::format("the bank of '{}' lacks its inhibition, for {} (it was written by a version of "
                          "shallows that did not keep it); learn it again with shallows bank or train",
                          source, setting(config, "hidden.inhibition")));
}

MadeBank learn_bank(const Config& config, const Dataset& dataset, Verbosity verbosity) {
  std::optional<Progress> progress;
  const auto report = [&](std::uint64_t done, std::uint64_t total) {
    if (!progress) progress.emplace("bank", 0, total, verbosity, "steps");
    progress->update(done);
    return interrupt::requested() == 0;
  };
  auto learned = make_fields(
      config.hidden.bank, config.hidden,
      {.shape = dataset.train.shape(), .seed = config.seed, .images = &dataset.train, .progress = report});
  if (!learned) throw interrupt::Stopped();
  return std::move(*learned);
}

ReceptiveFields scaled_bank(const ReceptiveFields& bank, const Config& config, const ImageSet& images) {
  const MeasuredParams* measured = measured_params(config.hidden.bank);
  if (measured == nullptr) return bank;
  const HiddenInhibition dynamics =
      config.rate() != nullptr ? inhibition_of(config.hidden.bank) : HiddenInhibition::none;
  return scaled_fields(bank, measured->scale_by, config.hidden.scale, dynamics, images);
}

std::optional<ReceptiveFields> make_bank(const Config& config, const Dataset& dataset, Verbosity verbosity) {
  switch (origin_of(config)) {
    case BankOrigin::none:
      return std::nullopt;
    case BankOrigin::given:
      throw Error(ErrorKind::configuration,
                  "hidden.kind = \"file\" has no bank (none was given); give one with --bank BANK.h5");
    case BankOrigin::drawn:
    case BankOrigin::learned:
      break;
  }
  return scaled_bank(learn_bank(config, dataset, verbosity).bank, config, dataset.train);
}

void write_bank(const std::string& path, const ReceptiveFields& bank, const Config& config,
                const Dataset& dataset, const Provenance& provenance, const nlohmann::json& summary) {
  RunWriter writer(path, FileKind::bank);
  writer.write_provenance(provenance);
  DataRecord record = record_of(dataset);
  LearnedImages& learned = record.identity.learned;
  const LearnedParams* fit = learned_params(config.hidden.bank);
  if (fit != nullptr && fit->fit_images > 0) learned.first = std::min(learned.first, fit->fit_images);
  write_data(writer, record);
  writer.write_arrays(bank_arrays(bank));
  const NamedArray shape = shape_array(bank.shape());
  writer.write_arrays(std::span(&shape, 1));
  writer.write_summary(summary);
  writer.commit();
}

GivenBank read_bank(const std::string& path, Config& config, const Dataset& dataset) {
  const RunReader reader(path);
  if (reader.kind() == FileKind::bank && !reader.contains("provenance"))
    return own_bank(reader, config, dataset);
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
  require_fitting(path, bank, stored, config, dataset.train.shape());
  const std::vector<LearnedImages> fitted = images_of_filters(reader, stored);
  std::vector<std::string> notes;
  for (const LearnedImages& images : fitted) {
    const std::string other = other_images(images, dataset.identity.learned);
    if (!other.empty())
      notes.push_back(fmt::format("the bank of '{}' was fitted on other images ({})", path, other));
  }
  const Config asked = config;
  if (origin_of(config) == BankOrigin::learned || origin_of(config) == BankOrigin::drawn)
    take_over(stored.hidden.bank, config.hidden.bank);
  if (const auto changes = training_differences(asked, config); !changes.empty()) {
    notes.push_back(fmt::format("settings of the bank of '{}' take the place of those given here ({})", path,
                                fmt::join(changes, ", ")));
  }
  const bool drawn = origin_of(config) == BankOrigin::drawn;
  ReceptiveFields fields = drawn && stored.hidden.scale != config.hidden.scale
                               ? times(bank, config.hidden.scale / stored.hidden.scale)
                               : scaled_bank(bank, config, dataset.train);
  for (std::string& text : notes_about_scale(path, bank, fields, config)) notes.push_back(std::move(text));
  return {.fields = std::move(fields),
          .origin = fmt::format("{} (seed {}, {}, git {}): {}", path, made.seed, made.created, made.git_hash,
                                made.command_line),
          .fitted_on = fitted,
          .notes = std::move(notes)};
}

}  // namespace shallows
