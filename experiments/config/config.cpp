#include "experiments/config/config.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>

#include "experiments/config/config_parser.hpp"
#include "experiments/config/config_schema.hpp"
#include "experiments/config/suggest.hpp"
#include "models/spiking/spiking_network.hpp"
#include "sim/core/error.hpp"
#include "sim/layer/lif_layer.hpp"

namespace shallows {

namespace {

constexpr std::uintmax_t kLargestFile = std::uintmax_t{1} << 20U;

const std::vector<std::string>& spiking_populations() {
  static const std::vector<std::string> names = {"input", "hidden", "readout"};
  return names;
}

/// The rate of the online rule that the bank is learned by, if it is.
double default_fit_rate(const Config& config) {
  if (config.hidden.kind == FieldKind::pca) return 0.5;
  if (config.hidden.kind == FieldKind::ica) return 0.05;
  return 1e-3;
}

/// What differs for banks that are not drawn: the defaults of the released scripts, and the drive of the
/// Gabor bank for the spiking network.
void resolve_bank_defaults(Config& config) {
  if (config.hidden.kind == FieldKind::none || is_fixed(config.hidden.kind)) return;
  config.learned.rate = default_fit_rate(config);
  if (config.model == ModelKind::spiking) {
    config.learned.scale_by = FieldScale::gabor_drive;
    config.hidden.scale = 40.0;
  } else {
    const bool given = config.hidden.kind == FieldKind::file;
    config.learned.scale_by = given ? FieldScale::as_is : FieldScale::largest;
    config.hidden.scale = 1.0;
    config.rate.hidden_bias_max = 0.0;
    config.training.learning_rate = 1e-3;
  }
}

/// Sets what has a default of its own in each model, once model, hidden.kind and the rules of its bank are
/// known.
void resolve_defaults(Config& config) {
  const bool gabor = config.hidden.kind == FieldKind::gabor;
  if (config.model == ModelKind::spiking) {
    config.rule = ReadoutRule::teacher_stdp;
    config.hidden.scale = gabor ? 40.0 : 20.0;
    config.training.learning_rate = 2e-4;
    config.record.populations = spiking_populations();
  } else {
    config.rule = ReadoutRule::delta;
    config.hidden.scale = gabor ? 2.1 : 0.1;
    config.training.learning_rate = config.hidden.kind == FieldKind::none ? 1e-4 : 5e-3;
    config.record.populations.clear();
  }
  resolve_bank_defaults(config);
}

[[noreturn]] void refuse(const std::string& problem, std::string_view source, const std::string& suggestion) {
  throw Error(ErrorKind::configuration, fmt::format("{} ({}); {}", problem, source, suggestion));
}

void check_spiking(const Config& config, std::string_view source) {
  const SpikingParams& spiking = config.spiking;
  const double threshold_mV = spiking.threshold.threshold_mV;
  if (config.hidden.kind == FieldKind::none) {
    refuse("hidden.kind = \"none\" does not go with model = \"spiking\"", source,
           "choose a bank, or model = \"rate\"");
  }
  if (spiking.neuron.reset_mV >= threshold_mV) {
    refuse(fmt::format("neuron.reset_mV = {} is not below neuron.threshold_mV = {}", spiking.neuron.reset_mV,
                       threshold_mV),
           source, "lower the reset or raise the threshold");
  }
  if (spiking.protocol.count_ms > spiking.protocol.test_ms) {
    refuse(fmt::format("protocol.count_ms = {} is longer than protocol.test_ms = {}",
                       spiking.protocol.count_ms, spiking.protocol.test_ms),
           source, "count over the presentation or its last part");
  }
  const double bound_mV = spiking.readout.weight_bound_mV;
  if (bound_mV > 0.0 && config.training.learning_rate >= bound_mV) {
    refuse(fmt::format(
               "training.learning_rate = {} is not below readout.weight_bound_mV = {}, so every update would "
               "erase a weight or change its sign",
               config.training.learning_rate, bound_mV),
           source, "raise the bound or lower the rate");
  }
  const bool driven = spiking.hidden_bias_mV > threshold_mV || spiking.readout.bias_mV > threshold_mV;
  const bool long_refractory = spiking.neuron.refractory_ms > kLongestRefractory * spiking.neuron.tau_ms;
  if (spiking.engine == EngineKind::fast && (driven || long_refractory)) {
    refuse("engine.kind = \"fast\" does not apply: it needs " + fast_engine_needs(), source,
           "choose \"automatic\" or \"reference\"");
  }
}

void check_memory(const MemoryParams& memory, std::string_view source) {
  if ((memory.gate != ThresholdGate::none) != (memory.threshold > 0.0)) {
    refuse("memory.gate and memory.threshold belong together", source,
           "give a gate and a threshold above 0, or neither");
  }
  if (memory.pool_step > 0 && (memory.pool == 0 || memory.pool % memory.pool_step != 0)) {
    refuse(
        fmt::format("memory.pool_step = {} does not divide memory.pool = {}", memory.pool_step, memory.pool),
        source, "choose steps that reach the outermost shifts");
  }
}

void check_dataset(const DatasetConfig& dataset, std::string_view source) {
  if (dataset.images.empty() != dataset.labels.empty()) {
    refuse("dataset.images and dataset.labels belong together", source, "give both or none");
  }
  if (dataset.test_images.empty() != dataset.test_labels.empty()) {
    refuse("dataset.test_images and dataset.test_labels belong together", source, "give both or none");
  }
}

void check_populations(const Config& config, std::string_view source) {
  if (!is_learned(config.hidden.kind)) return;
  if (config.hidden.size % config.learned.features != 0) {
    refuse(fmt::format("hidden.size = {} is no multiple of hidden.features = {}", config.hidden.size,
                       config.learned.features),
           source, "the bank is made of populations of hidden.features neurons each");
  }
}

void check_scale(const Config& config, std::string_view source) {
  const FieldScale scale_by = config.learned.scale_by;
  if (config.per_set_scale && (scale_by == FieldScale::l1 || scale_by == FieldScale::as_is)) {
    refuse(fmt::format("hidden.per_set_scale = true has no effect with hidden.scale_by = {}",
                       to_toml(find_config_key("hidden.scale_by")->read(config))),
           fmt::format("{}; that is not measured on images", source),
           "choose \"largest\" (as released) or \"rms\", or set it to false");
  }
}

std::string section_of(const std::string& name) {
  const std::size_t dot = name.find('.');
  return dot == std::string::npos ? "" : name.substr(0, dot);
}

template <class Counts>
std::vector<std::string> differences_in(const Config& a, const Config& b, Counts counts) {
  std::vector<std::string> differences;
  for (const ConfigKey& key : config_keys()) {
    // Where a key applies to one of the two only, the model or the bank differs and says so.
    const bool applies = why_not_applicable(key, a).empty() && why_not_applicable(key, b).empty();
    if (!applies || !counts(key)) continue;
    const std::string before = to_toml(key.read(a));
    const std::string after = to_toml(key.read(b));
    if (before != after) differences.push_back(fmt::format("{}: {} -> {}", key.name, before, after));
  }
  return differences;
}

/// Sets what other keys apply to: first, wherever it stands.
void apply_choices(const ConfigSettings& settings, Config& config) {
  for (const char* key :
       {"model", "hidden.kind", "hidden.rule", "hidden.pca_rule", "hidden.ica_rule", "hidden.sparse_rule"}) {
    settings.apply(key, config);
  }
}

/// Whether a file begins as HDF5 files do, without a user block before.
bool is_hdf5(const std::string& path) {
  constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
  std::ifstream file(path, std::ios::binary);
  std::string begin(kSignature.size(), '\0');
  return file.read(begin.data(), static_cast<std::streamsize>(begin.size())) && begin == kSignature;
}

std::vector<std::string> parse_populations(std::string_view text, std::string_view whole) {
  if (text == "all") return spiking_populations();
  if (text == "none") return {};
  std::vector<std::string> names = split_list(text);
  for (const char* word : {"all", "none"}) {
    if (std::find(names.begin(), names.end(), word) == names.end()) continue;
    refuse(fmt::format("can't record '{}'", whole), fmt::format("'{}' goes with no other name", word),
           fmt::format("write '{}' alone, or leave it out", word));
  }
  const ConfigKey& key = *find_config_key("record.populations");
  if (names.empty())
    refuse(fmt::format("--record {} names no population", whole), "POPULATIONS[@...]", "try \"all\"");
  if (const auto problem = value_problem(key, names)) {
    refuse(fmt::format("--record {}: {}", whole, problem->problem),
           "known: input, hidden, readout, all, none",
           problem->suggestion.empty() ? "name known ones" : problem->suggestion);
  }
  return names;
}

}  // namespace

Config parse_config(std::string_view toml, std::string_view source, std::span<const std::string> overrides,
                    std::string* passed_over) {
  const ConfigSettings settings(toml, source, overrides);
  Config config;
  config.name = std::filesystem::path(source).stem().string();
  apply_choices(settings, config);
  settings.apply("dataset.images", config);
  resolve_defaults(config);
  if (!config.dataset.images.empty()) {
    config.dataset.name = std::filesystem::path(config.dataset.images).stem().string();
  }
  const auto without_overrides = [&] {
    Config text;
    apply_choices(ConfigSettings(toml, source, {}), text);
    return text;
  };
  const ReadoutRule rule_of_model = config.rule;
  std::vector<std::string> moot = settings.apply_all(config, without_overrides);
  // Its meaning goes with the model as that of the keys which are moot does, though both models have it.
  if (config.rule != rule_of_model && !settings.overrides("readout.rule") &&
      without_overrides().model != config.model) {
    config.rule = rule_of_model;
    moot.emplace_back("readout.rule");
  }
  validate(config, source);
  if (passed_over != nullptr && !moot.empty()) {
    *passed_over =
        fmt::format("{} of {} {} no meaning to what --set chose and {} passed over", fmt::join(moot, ", "),
                    source, moot.size() == 1 ? "has" : "have", moot.size() == 1 ? "is" : "are");
  }
  return config;
}

Config read_config(const std::string& path, std::span<const std::string> overrides,
                   std::string* passed_over) {
  namespace fs = std::filesystem;
  std::error_code problem;
  const fs::file_status status = fs::status(path, problem);
  if (!fs::exists(status)) {
    throw Error(
        ErrorKind::configuration,
        fmt::format("can't read configuration '{}' (there is no such file); check the path, or take one of "
                    "experiments/configs",
                    path));
  }
  if (fs::is_directory(status))
    refuse(fmt::format("can't read configuration '{}'", path), "it is a directory",
           "give the path of a TOML file");
  if (fs::is_regular_file(status) && is_hdf5(path)) {
    refuse(
        fmt::format("can't read configuration '{}'", path),
        "it is an HDF5 file, such as a run or a bank, and no TOML",
        fmt::format("test a run with 'shallows test {0}', look at it with 'shallows inspect {0}', or train "
                    "on with --from {0} (a bank: --bank {0}) after the path of a TOML file",
                    path));
  }
  if (fs::is_regular_file(status) && fs::file_size(path, problem) > kLargestFile) {
    refuse(fmt::format("can't read configuration '{}'", path),
           "it is larger than 1 MiB, so hardly a configuration", "give the path of a TOML file");
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || (file.peek() != std::ifstream::traits_type::eof() && !(text << file.rdbuf()))) {
    refuse(fmt::format("can't read configuration '{}'", path), "it can't be opened or read",
           "check its permissions");
  }
  return parse_config(text.str(), path, overrides, passed_over);
}

void validate(const Config& config, std::string_view source) {
  for (const ConfigKey& key : config_keys()) {
    if (!why_not_applicable(key, config).empty()) continue;
    if (const auto problem = value_problem(key, key.read(config))) refuse_value(key, *problem, source);
  }
  check_dataset(config.dataset, source);
  check_populations(config, source);
  check_scale(config, source);
  const bool spiking = config.model == ModelKind::spiking;
  if (config.model != ModelKind::memory && spiking != (config.rule == ReadoutRule::teacher_stdp)) {
    refuse(fmt::format("the {} network does not learn by readout.rule = {}", spiking ? "spiking" : "rate",
                       to_toml(find_config_key("readout.rule")->read(config))),
           source, fmt::format("choose \"{}\"", spiking ? "teacher-stdp" : "delta"));
  }
  if (!spiking && !config.record.populations.empty()) {
    refuse("there are no populations to record",
           fmt::format("{}; a {} network has no spikes", source,
                       config.model == ModelKind::rate ? "rate" : "memory"),
           "record \"none\"");
  }
  if (spiking) check_spiking(config, source);
  if (config.model == ModelKind::memory) check_memory(config.memory, source);
}

std::string to_toml(const Config& config, Comments comments) {
  std::string text;
  std::string section;
  for (const ConfigKey& key : config_keys()) {
    if (!why_not_applicable(key, config).empty()) continue;
    const std::string key_section = section_of(key.name);
    if (key_section != section) {
      section = key_section;
      text += fmt::format("\n[{}]\n", section);
    }
    if (comments == Comments::yes) {
      const std::string unit = key.unit.empty() ? "" : fmt::format(" [{}]", key.unit);
      const std::string allowed = describe(key.domain);
      text += fmt::format("# {}{}{}{}\n", key.meaning, unit, allowed.empty() ? "" : "; allowed: ", allowed);
    }
    const std::string name = section.empty() ? key.name : key.name.substr(section.size() + 1);
    text += fmt::format("{} = {}\n", name, to_toml(key.read(config)));
  }
  return text;
}

std::vector<std::string> training_differences(const Config& a, const Config& b) {
  return differences_in(a, b, [](const ConfigKey& key) { return key.role == KeyRole::learning; });
}

std::vector<std::string> run_differences(const Config& a, const Config& b) {
  return differences_in(a, b, [](const ConfigKey& key) { return key.name != "name"; });
}

RecordConfig parse_record(std::string_view text) {
  RecordConfig record;
  if (text == "all") {
    record.phase = RecordPhase::both;
    record.last = kAllTrials;
    record.populations = spiking_populations();
    return record;
  }
  const std::size_t at = text.find('@');
  record.populations = parse_populations(text.substr(0, at), text);
  if (at == std::string_view::npos) return record;
  std::string_view trials = text.substr(at + 1);
  const std::string_view first = trials.substr(0, trials.find(':'));
  if (first == "train" || first == "test" || first == "both") {
    record.phase = first == "train"  ? RecordPhase::train
                   : first == "test" ? RecordPhase::test
                                     : RecordPhase::both;
    if (first == trials) {  // a phase alone
      record.last = kAllTrials;
      return record;
    }
    trials.remove_prefix(first.size() + 1);
  }
  const bool is_one_number = !trials.empty() && trials.find_first_not_of("0123456789") == trials.npos;
  const std::string range = is_one_number ? fmt::format("{0}:end", trials) : std::string(trials);
  if (parse_trials(range, record)) {
    if (is_one_number) record.last = record.first + 1;
    return record;
  }
  refuse(fmt::format("can't record '{}': '{}' is no range of trials", text, trials),
         "POPULATIONS[@[PHASE:]FIRST:LAST[:STEP]]; FIRST is below LAST, which is excluded and may be end; "
         "STEP is 1 or more; PHASE is train, test or both",
         "write for example hidden,readout@test:0:10");
}

void apply_record(std::string_view text, Config& config) {
  if (text.empty()) return;
  const std::uint64_t deflate = config.record.deflate;  // not a part of what --record says
  config.record = parse_record(text);
  config.record.deflate = deflate;
  if (config.model != ModelKind::spiking) {
    const bool names_one = !config.record.populations.empty() && !text.starts_with("all");
    if (names_one) {
      refuse(fmt::format("can't record '{}'", text),
             fmt::format("a {} network has no spikes", config.model == ModelKind::rate ? "rate" : "memory"),
             "leave --record out, or choose model = \"spiking\"");
    }
    config.record.populations.clear();
  }
  validate(config, "--record");
}

}  // namespace shallows
