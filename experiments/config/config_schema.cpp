#include "experiments/config/config_schema.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <iterator>
#include <utility>

#include "sim/core/chosen_fields.hpp"

namespace shallows {
namespace {

constexpr std::uint64_t kLargestInteger = std::numeric_limits<std::int64_t>::max();  // of TOML

/// The names of the entries that satisfy is.operator()<Entry>().
template <class L, class Is>
std::vector<std::string> names_of(L list, Is is) {
  std::vector<std::string> names;
  for_each_entry(list, [&]<class Entry>() {
    if (is.template operator()<Entry>()) names.emplace_back(Entry::name);
  });
  return names;
}

FieldCondition with_hidden_layer() {
  return {"hidden.kind", names_of(Banks(), []<class Entry>() { return Entry::origin != BankOrigin::none; })};
}

/// That the layer of a section "hidden.2", ... exists.
FieldCondition with_layer(const std::string& section) {
  return {section + ".kind",
          names_of(UpperLayers(), []<class Entry>() { return !std::is_same_v<Entry, NoLayer>; })};
}

FieldCondition with_layer_of(const std::string& section) {
  return section == "hidden" ? with_hidden_layer() : with_layer(section);
}

std::string upper_section(std::size_t l) { return "hidden." + std::to_string(l + 2); }

/// The keys of hidden layers 2, 3, ...: each stands on the one below.
Fields<Config> upper_layer_fields() {
  const FieldCondition layered{"model",
                               names_of(Networks(), []<class Entry>() { return Entry::has_readout; })};
  Fields<Config> fields;
  for (std::size_t l = 0; l < kMostUpperLayers; ++l) {
    Fields<Config> layer = lifted<Config>(
        UpperLayer::fields(), [l](auto& config) -> auto& { return config.upper[l]; }, upper_section(l) + ".");
    for (ConfigKey& key : layer) {
      const FieldCondition below = l == 0 ? with_hidden_layer() : with_layer(upper_section(l - 1));
      key.conditions.insert(key.conditions.begin(), {layered, below});
    }
    fields = joined(std::move(fields), std::move(layer));
  }
  return fields;
}

/// The keys of the networks: of a hidden layer only where there is one.
Fields<Config> network_fields() {
  Fields<Config> fields = chosen_fields<Networks>("model", &Config::network, "model", "kind of network", "");
  for (ConfigKey& key : fields) {
    const std::string section = section_of(key.name);
    if (section == "hidden" || section.starts_with("hidden."))
      key.conditions.insert(key.conditions.begin() + 1, with_layer_of(section));
  }
  for_each_entry(Networks(), [&]<class Entry>() {
    using Params = typename Entry::Params;
    if constexpr (requires { Params::fields_of_hidden_layer(); }) {
      Fields<Config> more = lifted<Config>(
          Params::fields_of_hidden_layer(),
          [](auto& config) -> auto& { return std::get<Params>(config.network); });
      for (ConfigKey& key : more) {
        const FieldCondition chosen{"model", {std::string(Entry::name)}};
        key.conditions.insert(key.conditions.begin(), {chosen, with_hidden_layer()});
      }
      fields = joined(std::move(fields), std::move(more));
    }
  });
  return fields;
}

/// Adds what no owner of a field can know: how it depends on the other parts of a configuration.
void add_conditions(Fields<Config>& fields) {
  const FieldCondition trained{"model",
                               names_of(Networks(), []<class Entry>() { return Entry::has_readout; })};
  const FieldCondition spiking{"model",
                               names_of(Networks(), []<class Entry>() { return Entry::has_spikes; })};
  for (ConfigKey& key : fields) {
    if (key.name.starts_with("training.learning_rate")) key.conditions.push_back(trained);
    if (key.name == "record.populations") key.conditions.push_back(spiking);
    if (key.name == "hidden.pooling") {
      key.conditions.push_back(
          {"model", names_of(Networks(), []<class Entry>() { return !Entry::has_spikes; })});
    }
    if (key.name == "hidden.inhibition" || key.name == "hidden.per_set_scale") {
      key.conditions.insert(key.conditions.begin(), {"model", {std::string(RateModel::name)}});
      key.conditions.push_back({"hidden.rule", {std::string(FixedHidden::name)}});
    }
  }
}

/// The places of sections: in the order of this list, unknown ones before "protocol".
std::size_t place_of(const ConfigKey& key) {
  const std::string name = key.name.substr(0, key.name.find('.'));
  const std::string head = name == key.name ? "" : name;  // of its section
  static constexpr std::array<std::string_view, 12> kSections = {"",         "dataset", "input",  "hidden",
                                                                 "neuron",   "readout", "memory", "protocol",
                                                                 "training", "test",    "engine", "record"};
  const auto find = [](std::string_view section) {
    return static_cast<std::size_t>(std::ranges::find(kSections, section) - kSections.begin());
  };
  const std::size_t place = find(head);
  return place < kSections.size() ? 2 * place : 2 * find("protocol") - 1;
}

}  // namespace

Fields<DatasetConfig> DatasetConfig::fields() {
  return {
      field("name", &DatasetConfig::name, "", "name of the data set", TextDomain{EmptyText::refused}),
      field(
          "directory", &DatasetConfig::directory, "",
          "directory of its files; empty: $SHALLOWS_DATA/<name>, or data/<name> if that variable is not set",
          TextDomain{}),
      field("images", &DatasetConfig::images, "", "own IDX file of training images; empty: the standard file",
            TextDomain{}),
      field("labels", &DatasetConfig::labels, "", "own IDX file of training labels", TextDomain{}),
      field("test_images", &DatasetConfig::test_images, "", "own IDX file of test images", TextDomain{})
          .of_evaluation(),
      field("test_labels", &DatasetConfig::test_labels, "", "own IDX file of test labels", TextDomain{})
          .of_evaluation(),
      field("validation", &DatasetConfig::validation, "images",
            "training images held out, from the end, to choose settings on", CountDomain{0, kMostImages}),
      field("classes", &DatasetConfig::classes, "",
            "train and test on these classes only, e.g. \"0,1,5\"; empty: all", TextDomain{}),
      choice("mean", &DatasetConfig::mean, "mean",
             "per-pixel mean to subtract: of the training images for all, own for the test set, or none",
             {{"training", MeanSource::training},
              {"own-mean-test", MeanSource::own_mean_test},
              {"none", MeanSource::none}})
          .of_evaluation(),
  };
}

Fields<HiddenConfig> HiddenConfig::fields() {
  Fields<HiddenConfig> bank =
      chosen_fields<Banks>("kind", &HiddenConfig::bank, "bank", "receptive fields of the hidden layer", "");
  Fields<HiddenConfig> shape = joined(inherited<HiddenConfig, BankShape>(), fields_of(&HiddenConfig::cells));
  for (auto& field : shape) field.conditions.push_back({"kind", with_hidden_layer().values});
  const auto after_kind = bank.begin() + 1;
  bank.insert(after_kind, std::make_move_iterator(shape.begin()), std::make_move_iterator(shape.end()));
  return bank;
}

Fields<TrainingConfig> TrainingConfig::fields() {
  return {
      field("epochs", &TrainingConfig::epochs, "passes over the training set",
            "length of the training; fractions allowed", non_negative(1e6)),
      field("learning_rate", &TrainingConfig::learning_rate, "mV per kHz if spiking",
            "learning rate at the start", non_negative(1e6)),
      field("learning_rate_decay", &TrainingConfig::learning_rate_decay, "",
            "factor by which it falls, geometrically, over the training", RealDomain{1.0, 1e12}),
      choice("sampling", &TrainingConfig::sampling, "sampling",
             "order of the training images: each once per epoch, or drawn anew",
             {{"shuffled", Sampling::shuffled}, {"with-replacement", Sampling::with_replacement}}),
  };
}

Fields<RecordConfig> RecordConfig::fields() {
  Field<RecordConfig> trials{"trials",
                             "",
                             "trials of the phase that are recorded",
                             FormDomain{"range of trials", "\"FIRST:LAST[:STEP]\", LAST excluded, may be end",
                                        "write for example \"0:10\"",
                                        [](std::string_view text) {
                                          RecordConfig ignored;
                                          return parse_trials(text, ignored);
                                        }},
                             [](const RecordConfig& record) { return FieldValue(format_trials(record)); },
                             [](RecordConfig& record, const FieldValue& value) {
                               [[maybe_unused]] const bool ok =
                                   parse_trials(std::get<std::string>(value), record);
                               assert(ok);
                             }};
  ListDomain populations{"population", {"input", "simple"}};
  for (std::size_t layer = 1; layer <= 1 + kMostUpperLayers; ++layer)
    populations.names.push_back(layer_name(layer));
  populations.names.emplace_back("readout");
  return {
      field("populations", &RecordConfig::populations, "", "populations whose spikes are recorded",
            std::move(populations))
          .of_evaluation(),
      choice("phase", &RecordConfig::phase, "phase", "presentations that are recorded",
             {{"train", RecordPhase::train}, {"test", RecordPhase::test}, {"both", RecordPhase::both}})
          .of_evaluation(),
      std::move(trials).of_evaluation(),
      field("deflate", &RecordConfig::deflate, "",
            "compression of the recorded spikes: 0 (none, fastest) to 9 (smallest)", CountDomain{0, 9})
          .of_evaluation(),
  };
}

Fields<Config> Config::fields() {
  Fields<Config> fields = joined(
      Fields<Config>{
          field("name", &Config::name, "", "name of the run in tables and files",
                TextDomain{EmptyText::refused})
              .of_evaluation(),
          field("seed", &Config::seed, "", "seed of every random draw", CountDomain{0, kLargestInteger})},
      fields_of(&Config::dataset, "dataset."), fields_of(&Config::hidden, "hidden."), upper_layer_fields(),
      network_fields(), fields_of(&Config::training, "training."),
      Fields<Config>{field("test.images", &Config::test_images, "images", "test just the first ones; 0: all",
                           CountDomain{0, kMostImages})
                         .of_evaluation()},
      fields_of(&Config::record, "record."));
  add_conditions(fields);
  std::ranges::stable_sort(fields, {}, [](const ConfigKey& key) {
    const std::string section = section_of(key.name);
    const bool plain = place_of(key) % 2 == 0 && section.find('.') == std::string::npos;
    return std::pair(place_of(key), plain ? "" : section);
  });
  return fields;
}

std::string section_of(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos ? "" : name.substr(0, dot);
}

std::span<const ConfigKey> config_keys() {
  static const std::vector<ConfigKey> keys = Config::fields();
  return keys;
}

const ConfigKey* find_config_key(std::string_view name) {
  const auto keys = config_keys();
  const auto found = std::ranges::find(keys, name, &ConfigKey::name);
  return found != keys.end() ? &*found : nullptr;
}

const ConfigKey* applicable_key(std::string_view name, const Config& config) {
  for (const ConfigKey& key : config_keys()) {
    if (key.name == name && why_not_applicable(key, config).empty()) return &key;
  }
  return nullptr;
}

std::vector<std::string> config_key_names() {
  std::vector<std::string> names;
  for (const ConfigKey& key : config_keys()) {
    if (std::ranges::find(names, key.name) == names.end()) names.push_back(key.name);
  }
  return names;
}

std::vector<std::string> choosing_keys() {
  std::vector<std::string> choosing;
  for (const std::string& name : config_key_names()) {
    const auto depends = [&](const ConfigKey& key) {
      return std::ranges::find(key.conditions, name, &FieldCondition::field) != key.conditions.end();
    };
    if (std::ranges::any_of(config_keys(), depends)) choosing.push_back(name);
  }
  return choosing;
}

std::string why_not_applicable(const ConfigKey& key, const Config& config) {
  for (const FieldCondition& condition : key.conditions) {
    const ConfigKey* chooser = applicable_key(condition.field, config);
    if (chooser == nullptr) return why_not_applicable(*find_config_key(condition.field), config);
    const ConfigValue chosen = chooser->read(config);
    if (std::ranges::find(condition.values, std::get<std::string>(chosen)) == condition.values.end())
      return condition.field + " is " + to_toml(chosen);
  }
  return "";
}

}  // namespace shallows
