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
#include "sim/core/error.hpp"

namespace shallows {

namespace {

constexpr std::uintmax_t kLargestFile = std::uintmax_t{1} << 20U;

/// Sets what has a default of its own in each network and bank, once they are chosen.
void resolve_defaults(Config& config) {
  set_bank_defaults(config.hidden.bank, config.hidden, unit_of(config.network));
  for (UpperLayer& layer : config.upper) set_layer_defaults(layer, unit_of(config.network));
  const BankOrigin origin = origin_of(config.hidden.bank);
  with_chosen(Networks(), config.network.index(), [&]<class Entry>() {
    Entry::set_defaults(std::get<typename Entry::Params>(config.network), origin);
    config.training.learning_rate = Entry::default_learning_rate(origin);
  });
  config.record.populations = population_names(config);
}

[[noreturn]] void refuse(const std::string& problem, std::string_view source, const std::string& suggestion) {
  throw Error(ErrorKind::configuration, fmt::format("{} ({}); {}", problem, source, suggestion));
}

/// Throws Error (configuration) if there is a problem.
void refuse_problem(const std::optional<Problem>& problem, std::string_view source) {
  if (!problem) return;
  refuse(problem->what,
         problem->why.empty() ? std::string(source) : fmt::format("{}; {}", source, problem->why),
         problem->suggestion);
}

void check_dataset(const DatasetConfig& dataset, std::string_view source) {
  if (dataset.images.empty() != dataset.labels.empty()) {
    refuse("dataset.images and dataset.labels belong together", source, "give both or none");
  }
  if (dataset.test_images.empty() != dataset.test_labels.empty()) {
    refuse("dataset.test_images and dataset.test_labels belong together", source, "give both or none");
  }
}

/// "[hidden]"; with several hidden layers they are an array of tables.
std::string header_of(const std::string& section, const Config& config) {
  const bool layer = section == "hidden" || section.starts_with("hidden.");
  return layer && config.upper.front().exists() ? "[[hidden]]" : fmt::format("[{}]", section);
}

/// A key that says that there is no such layer need not be said.
bool is_unsaid(const ConfigKey& key, const ConfigValue& value) {
  return key.name.starts_with("hidden.") && key.name != "hidden.kind" && key.name.ends_with(".kind") &&
         value == ConfigValue(std::string(NoLayer::name));
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

/// Sets what other keys depend on: first, wherever it stands.
void apply_choices(const ConfigSettings& settings, Config& config, const ConfigSettings::OfText& of_text) {
  for (const std::string& name : choosing_keys()) settings.apply(name, config, of_text);
}

/// Whether a file begins as HDF5 files do, without a user block before.
bool is_hdf5(const std::string& path) {
  constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
  std::ifstream file(path, std::ios::binary);
  std::string begin(kSignature.size(), '\0');
  return file.read(begin.data(), static_cast<std::streamsize>(begin.size())) && begin == kSignature;
}

std::vector<std::string> names_of_domain(const ConfigKey& key) {
  return std::get<ListDomain>(key.domain).names;
}

std::vector<std::string> parse_populations(std::string_view text, std::string_view whole,
                                           const std::vector<std::string>& all) {
  if (text == "all") return all;
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
           fmt::format("known: {}, all, none", fmt::join(all.empty() ? names_of_domain(key) : all, ", ")),
           problem->suggestion.empty() ? "name known ones" : problem->suggestion);
  }
  return names;
}

}  // namespace

Config parse_config(std::string_view toml, std::string_view source, const Overrides& overrides,
                    std::string* passed_over) {
  const ConfigSettings settings(toml, source, overrides);
  Config config;
  config.name = std::filesystem::path(source).stem().string();
  std::optional<Config> text;
  const ConfigSettings::OfText of_text = [&]() -> const Config& {
    if (!text) {
      text.emplace();
      apply_choices(ConfigSettings(toml, source, {}), *text, [&]() -> const Config& { return *text; });
    }
    return *text;
  };
  apply_choices(settings, config, of_text);
  for (const char* name : {"dataset.images", "hidden.pool"}) settings.apply(name, config, of_text);
  resolve_defaults(config);
  if (!config.dataset.images.empty()) {
    config.dataset.name = std::filesystem::path(config.dataset.images).stem().string();
  }
  const std::vector<std::string> moot = settings.apply_all(config, of_text);
  validate(config, source);
  if (passed_over != nullptr && !moot.empty()) {
    *passed_over =
        fmt::format("{} of {} {} no meaning to what --set chose and {} passed over", fmt::join(moot, ", "),
                    source, moot.size() == 1 ? "has" : "have", moot.size() == 1 ? "is" : "are");
  }
  return config;
}

Config read_config(const std::string& path, const Overrides& overrides, std::string* passed_over) {
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

std::vector<std::string> population_names(const Config& config) {
  if (!has_spikes(config.network)) return {};
  std::vector<std::string> names = {"input"};
  if (config.hidden.cells.pool.reach > 0) names.emplace_back("simple");
  names.push_back(layer_name(1));
  for (std::size_t l = 0; l < config.upper.size() && config.upper[l].exists(); ++l)
    names.push_back(layer_name(l + 2));
  names.emplace_back("readout");
  return names;
}

std::optional<Problem> problem_of_hidden_layers(const Config& config, const ImageShape* images) {
  const auto in_section = [](const std::optional<Problem>& problem, const std::string& section) {
    return qualified(*problem, section, [&](std::string_view name) {
      return find_config_key(section + std::string(name)) != nullptr;
    });
  };
  if (const auto problem = bank_problem(config.hidden.bank, config.hidden, images))
    return in_section(problem, "hidden.");
  const Pool& pool = config.hidden.cells.pool;
  if (pool.step > 0 && (pool.reach == 0 || pool.reach % pool.step != 0)) {
    return Problem{
        fmt::format("hidden.pool_step = {} does not divide hidden.pool = {}", pool.step, pool.reach), "",
        "choose steps that reach the outermost shifts"};
  }
  if (images != nullptr && pool.reach >= std::max(images->height, images->width)) {
    return Problem{fmt::format("hidden.pool = {} reaches beyond the images", pool.reach),
                   fmt::format("{} x {} pixels", images->height, images->width), "lower it"};
  }
  if (const RateParams* rate = config.rate()) {
    const bool inhibited = inhibition_of(config.hidden.bank) != HiddenInhibition::none;
    if (pool.reach > 0 && (inhibited || learning_params(rate->hidden.rule) != nullptr)) {
      return Problem{fmt::format("hidden.pool = {} does not go with {}", pool.reach,
                                 inhibited ? "hidden.inhibition" : "a hidden.rule by which the bank learns"),
                     "complex cells pool fixed fields", "set one of them to 0, \"none\" or \"fixed\""};
    }
    if (inhibited && !std::holds_alternative<Rectified::Params>(rate->hidden.activation)) {
      return Problem{"hidden.activation does not go with hidden.inhibition",
                     "the populations answer in its place",
                     "set it to \"relu\", or hidden.inhibition to \"none\""};
    }
  }
  if (const RateParams* rate = config.rate()) {
    // Of all layers but the last one: what the readout's errors come back through has no forward weights there.
    for (std::size_t l = 0; l < config.upper.size() && config.upper[l].exists(); ++l) {
      const HiddenRuleChoice& rule = l == 0 ? rate->hidden.rule : rate->upper[l - 1].rule;
      const FeedbackParams* feedback = feedback_params(rule);
      if (feedback == nullptr || error_path(rule) != ErrorPath::direct) continue;
      if (!std::holds_alternative<WeightMirror::Params>(feedback->feedback_rule)) continue;
      return Problem{
          l == 0 ? "hidden.feedback_rule = \"mirror\" does not go with direct feedback to the first layer"
                 : fmt::format("hidden.{}.feedback_rule = \"mirror\" does not go with direct feedback to "
                               "a layer in between",
                               l + 1),
          "there are no weights from it to the readout to be mirrored",
          "choose hidden.rule = \"feedback-alignment\", or another feedback_rule"};
    }
  }
  for (std::size_t l = 0; l < config.upper.size() && config.upper[l].exists(); ++l) {
    if (const auto problem = layer_problem(config.upper[l], images))
      return in_section(problem, fmt::format("hidden.{}.", l + 2));
  }
  return std::nullopt;
}

void validate(const Config& config, std::string_view source) {
  for (const ConfigKey& key : config_keys()) {
    if (!why_not_applicable(key, config).empty()) continue;
    if (const auto problem = value_problem(key, key.read(config))) refuse_value(key, *problem, source);
  }
  check_dataset(config.dataset, source);
  const BankOrigin origin = origin_of(config.hidden.bank);
  refuse_problem(problem_of_hidden_layers(config, nullptr), source);
  with_chosen(Networks(), config.network.index(), [&]<class Entry>() {
    const auto& params = std::get<typename Entry::Params>(config.network);
    refuse_problem(Entry::problem(params, origin, config.training.learning_rate), source);
  });
  if (!has_spikes(config.network) && !config.record.populations.empty()) {
    refuse("there are no populations to record",
           fmt::format("{}; a {} network has no spikes", source, name_of(config.network)), "record \"none\"");
  }
  const std::vector<std::string> populations = population_names(config);
  for (const std::string& name : config.record.populations) {
    if (std::ranges::find(populations, name) != populations.end()) continue;
    refuse(fmt::format("there is no population '{}' to record", name),
           fmt::format("{}; this network has {}", source, fmt::join(populations, ", ")), "name one of these");
  }
}

std::string to_toml(const Config& config, Comments comments) {
  std::string text;
  std::string section;
  for (const ConfigKey& key : config_keys()) {
    if (!why_not_applicable(key, config).empty()) continue;
    if (is_unsaid(key, key.read(config))) continue;
    const std::string key_section = section_of(key.name);
    if (key_section != section) {
      section = key_section;
      text += fmt::format("\n{}\n", header_of(section, config));
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
  return differences_in(a, b, [](const ConfigKey& key) { return key.effect == Effect::learning; });
}

std::vector<std::string> run_differences(const Config& a, const Config& b) {
  return differences_in(a, b, [](const ConfigKey& key) { return key.name != "name"; });
}

RecordConfig parse_record(std::string_view text, const std::vector<std::string>& all) {
  RecordConfig record;
  if (text == "all") {
    record.phase = RecordPhase::both;
    record.last = kAllTrials;
    record.populations = all;
    return record;
  }
  const std::size_t at = text.find('@');
  record.populations = parse_populations(text.substr(0, at), text, all);
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
  config.record = parse_record(text, population_names(config));
  config.record.deflate = deflate;
  if (!has_spikes(config.network)) {
    const bool names_one = !config.record.populations.empty() && !text.starts_with("all");
    if (names_one) {
      refuse(fmt::format("can't record '{}'", text),
             fmt::format("a {} network has no spikes", name_of(config.network)),
             "leave --record out, or choose model = \"spiking\"");
    }
    config.record.populations.clear();
  }
  validate(config, "--record");
}

}  // namespace shallows
