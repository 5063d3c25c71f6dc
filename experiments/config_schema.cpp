#include "experiments/config_schema.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <iterator>
#include <type_traits>
#include <utility>

namespace shallows {

namespace {

constexpr double kLargestVoltage = 1e6;
constexpr double kLongestTime = 1e6;
constexpr std::uint64_t kLargestInteger = std::numeric_limits<std::int64_t>::max();  // of TOML
constexpr std::uint64_t kMostImages = std::uint64_t{1} << 32U;

constexpr RealDomain positive(double highest) { return {0.0, highest, LowerBound::excluded}; }
constexpr RealDomain non_negative(double highest) { return {0.0, highest}; }
constexpr RealDomain voltage() { return {-kLargestVoltage, kLargestVoltage}; }

/// A row whose value is the member that `access` refers to.
template <typename Access>
ConfigKey plain(std::string name, std::string unit, std::string meaning, Domain domain, KeyScope scope,
                KeyRole role, Access access) {
  using Member = std::remove_cvref_t<decltype(access(std::declval<Config&>()))>;
  using Stored = std::conditional_t<std::is_same_v<Member, std::size_t>, std::uint64_t, Member>;
  return {std::move(name),
          std::move(unit),
          std::move(meaning),
          std::move(domain),
          scope,
          role,
          [access](const Config& config) { return ConfigValue(Stored{access(config)}); },
          [access](Config& config, const ConfigValue& value) { access(config) = std::get<Stored>(value); }};
}

template <typename Enum>
using Names = std::vector<std::pair<std::string, Enum>>;

/// A row whose value is one of the names of an enumeration.
template <typename Enum, typename Access>
ConfigKey choice(std::string name, std::string what, std::string meaning, Names<Enum> names, KeyScope scope,
                 KeyRole role, Access access) {
  ChoiceDomain domain{std::move(what), {}};
  for (const auto& entry : names) domain.names.push_back(entry.first);
  const auto read = [names, access](const Config& config) {
    const auto found = std::find_if(names.begin(), names.end(),
                                    [&](const auto& entry) { return entry.second == access(config); });
    assert(found != names.end());
    return ConfigValue(found->first);
  };
  const auto write = [names, access](Config& config, const ConfigValue& value) {
    const auto found = std::find_if(names.begin(), names.end(), [&](const auto& entry) {
      return entry.first == std::get<std::string>(value);
    });
    assert(found != names.end());
    access(config) = found->second;
  };
  return {std::move(name), "", std::move(meaning), std::move(domain), scope, role, read, write};
}

std::vector<ConfigKey> general_keys() {
  using enum KeyScope;
  using enum KeyRole;
  return {
      plain(
          "name", "", "name of the run in tables and files", TextDomain{EmptyText::refused}, any, evaluation,
          [](auto& c) -> auto& { return c.name; }),
      plain(
          "seed", "", "seed of every random draw", CountDomain{0, kLargestInteger}, any, learning,
          [](auto& c) -> auto& { return c.seed; }),
      choice<ModelKind>(
          "model", "model", "kind of network", {{"spiking", ModelKind::spiking}, {"rate", ModelKind::rate}},
          any, learning, [](auto& c) -> auto& { return c.model; }),
  };
}

std::vector<ConfigKey> dataset_keys() {
  using enum KeyScope;
  using enum KeyRole;
  return {
      plain(
          "dataset.name", "", "name of the data set", TextDomain{EmptyText::refused}, any, learning,
          [](auto& c) -> auto& { return c.dataset.name; }),
      plain(
          "dataset.directory", "", "directory of its files; empty: $SHALLOWS_DATA/<name> or data/<name>",
          TextDomain{}, any, learning, [](auto& c) -> auto& { return c.dataset.directory; }),
      plain(
          "dataset.images", "", "own IDX file of training images; empty: the standard file", TextDomain{},
          any, learning, [](auto& c) -> auto& { return c.dataset.images; }),
      plain(
          "dataset.labels", "", "own IDX file of training labels", TextDomain{}, any, learning,
          [](auto& c) -> auto& { return c.dataset.labels; }),
      plain(
          "dataset.test_images", "", "own IDX file of test images", TextDomain{}, any, evaluation,
          [](auto& c) -> auto& { return c.dataset.test_images; }),
      plain(
          "dataset.test_labels", "", "own IDX file of test labels", TextDomain{}, any, evaluation,
          [](auto& c) -> auto& { return c.dataset.test_labels; }),
      plain(
          "dataset.validation", "images", "training images held out, from the end, to choose settings on",
          CountDomain{0, kMostImages}, any, learning, [](auto& c) -> auto& { return c.dataset.validation; }),
      choice<MeanSource>(
          "dataset.mean", "mean",
          "per-pixel mean to subtract: of the training images for all, or own for the test set",
          {{"training", MeanSource::training}, {"own-mean-test", MeanSource::own_mean_test}}, any, evaluation,
          [](auto& c) -> auto& { return c.dataset.mean; }),
  };
}

std::vector<ConfigKey> input_and_hidden_keys() {
  using enum KeyScope;
  using enum KeyRole;
  return {
      plain(
          "input.gain_mV", "mV", "drive of an input neuron: gain * (pixel / 255 - mean) + bias",
          non_negative(kLargestVoltage), spiking, learning,
          [](auto& c) -> auto& { return c.spiking.input.gain_mV; }),
      plain(
          "input.bias_mV", "mV", "constant part of the drive of the input neurons", voltage(), spiking,
          learning, [](auto& c) -> auto& { return c.spiking.input.bias_mV; }),
      choice<FieldKind>(
          "hidden.kind", "bank", "receptive fields of the hidden layer",
          {{"none", FieldKind::none}, {"random", FieldKind::random}, {"gabor", FieldKind::gabor}}, any,
          learning, [](auto& c) -> auto& { return c.hidden.kind; }),
      plain(
          "hidden.size", "", "number of hidden neurons", CountDomain{1, 1'000'000}, hidden_layer, learning,
          [](auto& c) -> auto& { return c.hidden.size; }),
      plain(
          "hidden.patch", "pixels", "side of a receptive field; the side of the image: full connectivity",
          CountDomain{1, 4096}, hidden_layer, learning, [](auto& c) -> auto& { return c.hidden.patch; }),
      plain(
          "hidden.scale", "mV if spiking",
          "random: standard deviation of a weight times patch; gabor: L1 norm of a field",
          positive(kLargestVoltage), hidden_layer, learning, [](auto& c) -> auto& { return c.hidden.scale; }),
      choice<GaborRanges>(
          "hidden.gabor_ranges", "range",
          "ranges of the Gabor parameters: broad as released, tuned for MNIST at patch 10",
          {{"broad", GaborRanges::broad}, {"tuned", GaborRanges::tuned}}, gabor_bank, learning,
          [](auto& c) -> auto& { return c.hidden.gabor_ranges; }),
      plain(
          "hidden.bias_mV", "mV", "constant drive of the hidden neurons", voltage(), spiking, learning,
          [](auto& c) -> auto& { return c.spiking.hidden_bias_mV; }),
      plain(
          "hidden.bias_max", "", "hidden biases are uniform from 0 to this", non_negative(1e6),
          rate_hidden_layer, learning, [](auto& c) -> auto& { return c.rate.hidden_bias_max; }),
      choice<HiddenRule>(
          "hidden.rule", "rule", "how the bank and its biases learn, inside the patches",
          {{"fixed", HiddenRule::fixed},
           {"backprop", HiddenRule::backprop},
           {"feedback-alignment", HiddenRule::feedback_alignment}},
          rate_hidden_layer, learning, [](auto& c) -> auto& { return c.rate.hidden_rule; }),
      plain(
          "hidden.learning_rate_factor", "", "learning rate of the bank over that of the readout",
          positive(1e6), learning_bank, learning,
          [](auto& c) -> auto& { return c.rate.hidden_learning_rate_factor; }),
      plain(
          "hidden.feedback_scale", "",
          "fixed feedback weights: standard deviation times root of the number of hidden neurons",
          positive(1e6), feedback_alignment, learning,
          [](auto& c) -> auto& { return c.rate.feedback_scale; }),
  };
}

std::vector<ConfigKey> neuron_keys() {
  using enum KeyScope;
  using enum KeyRole;
  return {
      plain(
          "neuron.tau_ms", "ms", "membrane time constant", positive(kLongestTime), spiking, learning,
          [](auto& c) -> auto& { return c.spiking.neuron.tau_ms; }),
      plain(
          "neuron.reset_mV", "mV", "voltage after a spike; below the threshold", voltage(), spiking, learning,
          [](auto& c) -> auto& { return c.spiking.neuron.reset_mV; }),
      plain(
          "neuron.threshold_mV", "mV", "lowest threshold", voltage(), spiking, learning,
          [](auto& c) -> auto& { return c.spiking.threshold.threshold_mV; }),
      plain(
          "neuron.threshold_spread_mV", "mV", "thresholds are uniform from the lowest to this much above it",
          non_negative(kLargestVoltage), spiking, learning,
          [](auto& c) -> auto& { return c.spiking.threshold.threshold_spread_mV; }),
      plain(
          "neuron.refractory_ms", "ms", "time after a spike in which arrivals are lost",
          non_negative(kLongestTime), spiking, learning,
          [](auto& c) -> auto& { return c.spiking.neuron.refractory_ms; }),
      plain(
          "neuron.delay_ms", "ms", "transmission delay between layers", non_negative(kLongestTime), spiking,
          learning, [](auto& c) -> auto& { return c.spiking.delay_ms; }),
  };
}

std::vector<ConfigKey> readout_keys() {
  using enum KeyScope;
  using enum KeyRole;
  return {
      choice<ReadoutRule>(
          "readout.rule", "rule", "how the readout learns: teacher-stdp if spiking, delta if rate",
          {{"teacher-stdp", ReadoutRule::teacher_stdp}, {"delta", ReadoutRule::delta}}, any, learning,
          [](auto& c) -> auto& { return c.rule; }),
      plain(
          "readout.bias_mV", "mV", "constant drive of the readout neurons", voltage(), spiking, learning,
          [](auto& c) -> auto& { return c.spiking.readout.bias_mV; }),
      plain(
          "readout.weight_scale_mV", "mV",
          "initial weights: standard deviation times root of the number of inputs",
          non_negative(kLargestVoltage), spiking, learning,
          [](auto& c) -> auto& { return c.spiking.readout.weight_scale_mV; }),
      plain(
          "readout.trace_tau_ms", "ms", "time constant of the spike traces", positive(kLongestTime), spiking,
          learning, [](auto& c) -> auto& { return c.spiking.readout.trace_tau_ms; }),
      plain(
          "readout.target_kHz", "kHz", "rate the teacher asks of the true class's neuron", non_negative(1e3),
          spiking, learning, [](auto& c) -> auto& { return c.spiking.readout.target_kHz; }),
      plain(
          "readout.weight_bound_mV", "mV",
          "weight decay by 1 - learning rate / bound at each update; 0: none", non_negative(1e12), spiking,
          learning, [](auto& c) -> auto& { return c.spiking.readout.weight_bound_mV; }),
      choice<ReadoutLoss>(
          "readout.loss", "loss",
          "squared error of rectified units as in the paper, or softmax cross-entropy",
          {{"squared-error", ReadoutLoss::squared_error}, {"cross-entropy", ReadoutLoss::cross_entropy}},
          rate, learning, [](auto& c) -> auto& { return c.rate.loss; }),
      plain(
          "readout.bias_max", "", "initial readout biases are uniform from 0 to this", non_negative(1e6),
          rate, learning, [](auto& c) -> auto& { return c.rate.readout_bias_max; }),
      plain(
          "readout.weight_scale", "",
          "initial weights: standard deviation times root of the number of inputs", non_negative(1e6), rate,
          learning, [](auto& c) -> auto& { return c.rate.readout_weight_scale; }),
  };
}

std::vector<ConfigKey> protocol_keys() {
  using enum KeyScope;
  using enum KeyRole;
  return {
      plain(
          "protocol.transient_ms", "ms", "training presentation: first part, without learning",
          non_negative(kLongestTime), spiking, learning,
          [](auto& c) -> auto& { return c.spiking.protocol.transient_ms; }),
      plain(
          "protocol.learning_ms", "ms", "training presentation: second part, with learning",
          positive(kLongestTime), spiking, learning,
          [](auto& c) -> auto& { return c.spiking.protocol.learning_ms; }),
      plain(
          "protocol.test_ms", "ms", "length of a test presentation", positive(kLongestTime), spiking,
          evaluation, [](auto& c) -> auto& { return c.spiking.protocol.test_ms; }),
      plain(
          "protocol.count_ms", "ms", "last part of it, in which readout spikes count", positive(kLongestTime),
          spiking, evaluation, [](auto& c) -> auto& { return c.spiking.protocol.count_ms; }),
      plain(
          "protocol.carry_over", "", "state carries over from one training image to the next", SwitchDomain{},
          spiking, learning, [](auto& c) -> auto& { return c.spiking.protocol.carry_over; }),
      plain(
          "protocol.test_carry_over", "", "state carries over from one test image to the next (as released)",
          SwitchDomain{}, spiking, evaluation,
          [](auto& c) -> auto& { return c.spiking.protocol.test_carry_over; }),
  };
}

std::vector<ConfigKey> training_keys() {
  using enum KeyScope;
  using enum KeyRole;
  return {
      plain(
          "training.epochs", "passes over the training set", "length of the training; fractions allowed",
          non_negative(1e6), any, learning, [](auto& c) -> auto& { return c.training.epochs; }),
      plain(
          "training.learning_rate", "mV per kHz if spiking", "learning rate at the start", non_negative(1e6),
          any, learning, [](auto& c) -> auto& { return c.training.learning_rate; }),
      plain(
          "training.learning_rate_decay", "", "factor by which it falls, geometrically, over the training",
          RealDomain{1.0, 1e12}, any, learning,
          [](auto& c) -> auto& { return c.training.learning_rate_decay; }),
      choice<Sampling>(
          "training.sampling", "sampling", "order of the training images: each once per epoch, or drawn anew",
          {{"shuffled", Sampling::shuffled}, {"with-replacement", Sampling::with_replacement}}, any, learning,
          [](auto& c) -> auto& { return c.training.sampling; }),
      plain(
          "test.images", "images", "test just the first ones; 0: all", CountDomain{0, kMostImages}, any,
          evaluation, [](auto& c) -> auto& { return c.test_images; }),
  };
}

std::vector<ConfigKey> engine_and_record_keys() {
  using enum KeyScope;
  using enum KeyRole;
  return {
      choice<EngineKind>(
          "engine.kind", "engine", "simulator: automatic takes fast where it applies",
          {{"automatic", EngineKind::automatic},
           {"fast", EngineKind::fast},
           {"reference", EngineKind::reference}},
          spiking, learning, [](auto& c) -> auto& { return c.spiking.engine; }),
      choice<Precision>(
          "engine.precision", "precision", "arithmetic of the fast engine",
          {{"float", Precision::single_precision}, {"double", Precision::double_precision}}, spiking,
          learning, [](auto& c) -> auto& { return c.spiking.precision; }),
      plain(
          "record.populations", "", "populations whose spikes are recorded",
          ListDomain{"population", {"input", "hidden", "readout"}}, spiking, evaluation,
          [](auto& c) -> auto& { return c.record.populations; }),
      choice<RecordPhase>(
          "record.phase", "phase", "presentations that are recorded",
          {{"train", RecordPhase::train}, {"test", RecordPhase::test}, {"both", RecordPhase::both}}, any,
          evaluation, [](auto& c) -> auto& { return c.record.phase; }),
      ConfigKey{"record.trials", "", "trials of the phase that are recorded", TrialsDomain{}, any, evaluation,
                [](const Config& config) { return ConfigValue(format_trials(config.record)); },
                [](Config& config, const ConfigValue& value) {
                  [[maybe_unused]] const bool ok = parse_trials(std::get<std::string>(value), config.record);
                  assert(ok);
                }},
  };
}

}  // namespace

std::span<const ConfigKey> config_keys() {
  static const std::vector<ConfigKey> keys = [] {
    std::vector<ConfigKey> all;
    for (const auto section : {general_keys, dataset_keys, input_and_hidden_keys, neuron_keys, readout_keys,
                               protocol_keys, training_keys, engine_and_record_keys}) {
      std::ranges::move(section(), std::back_inserter(all));
    }
    return all;
  }();
  return keys;
}

const ConfigKey* find_config_key(std::string_view name) {
  for (const ConfigKey& key : config_keys()) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

std::vector<std::string> config_key_names() {
  std::vector<std::string> names;
  for (const ConfigKey& key : config_keys()) names.push_back(key.name);
  return names;
}

std::string why_not_applicable(const ConfigKey& key, const Config& config) {
  const auto because = [&config](const char* setting) {
    return std::string(setting) + " is " + to_toml(find_config_key(setting)->read(config));
  };
  const KeyScope scope = key.scope;
  const bool of_spiking = scope == KeyScope::spiking;
  const bool of_learning_bank = scope == KeyScope::learning_bank || scope == KeyScope::feedback_alignment;
  const bool of_rate_hidden = scope == KeyScope::rate_hidden_layer || of_learning_bank;
  const bool of_rate = scope == KeyScope::rate || of_rate_hidden;
  if (of_spiking && config.model != ModelKind::spiking) return because("model");
  if (of_rate && config.model != ModelKind::rate) return because("model");
  const FieldKind bank = config.hidden.kind;
  const bool of_hidden = scope == KeyScope::hidden_layer || of_rate_hidden;
  if (of_hidden && bank == FieldKind::none) return because("hidden.kind");
  if (scope == KeyScope::gabor_bank && bank != FieldKind::gabor) return because("hidden.kind");
  const HiddenRule rule = config.rate.hidden_rule;
  if (of_learning_bank && rule == HiddenRule::fixed) return because("hidden.rule");
  if (scope == KeyScope::feedback_alignment && rule != HiddenRule::feedback_alignment) {
    return because("hidden.rule");
  }
  return "";
}

}  // namespace shallows
