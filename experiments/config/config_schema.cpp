#include "experiments/config/config_schema.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <iterator>
#include <utility>

#include "experiments/config/config_rows.hpp"

namespace shallows {

namespace {

constexpr double kLongestTime = 1e6;
constexpr std::uint64_t kLargestInteger = std::numeric_limits<std::int64_t>::max();  // of TOML

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
          "model", "model", "kind of network",
          {{"spiking", ModelKind::spiking}, {"rate", ModelKind::rate}, {"memory", ModelKind::memory}}, any,
          learning, [](auto& c) -> auto& { return c.model; }),
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
          "dataset.directory", "",
          "directory of its files; empty: $SHALLOWS_DATA/<name>, or data/<name> if that variable is not set",
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
      plain(
          "dataset.classes", "", "train and test on these classes only, e.g. \"0,1,5\"; empty: all",
          TextDomain{}, any, learning, [](auto& c) -> auto& { return c.dataset.classes; }),
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
          {{"none", FieldKind::none},
           {"random", FieldKind::random},
           {"gabor", FieldKind::gabor},
           {"pca", FieldKind::pca},
           {"ica", FieldKind::ica},
           {"sparse", FieldKind::sparse},
           {"file", FieldKind::file}},
          any, learning, [](auto& c) -> auto& { return c.hidden.kind; }),
      plain(
          "hidden.size", "", "number of hidden neurons", CountDomain{1, 1'000'000}, hidden_layer, learning,
          [](auto& c) -> auto& { return c.hidden.size; }),
      plain(
          "hidden.patch", "pixels", "side of a receptive field; the side of the image: full connectivity",
          CountDomain{1, 4096}, hidden_layer, learning, [](auto& c) -> auto& { return c.hidden.patch; }),
      plain(
          "hidden.scale", "mV if spiking",
          "random: standard deviation of a weight times patch; gabor: L1 norm of a field in one channel; "
          "others: "
          "see hidden.scale_by",
          positive(kLargestVoltage), hidden_layer, learning, [](auto& c) -> auto& { return c.hidden.scale; }),
      plain(
          "hidden.cubed_colour_scale", "",
          "colour: weights times the square of image side over patch (as released, where a factor is applied "
          "once for each channel)",
          SwitchDomain{}, random_bank, learning,
          [](auto& c) -> auto& { return c.hidden.cubed_colour_scale; }),
      choice<GaborRanges>(
          "hidden.gabor_ranges", "range",
          "ranges of the Gabor parameters: broad as released, tuned for MNIST or CIFAR-10 at patch 10",
          {{"broad", GaborRanges::broad},
           {"tuned", GaborRanges::tuned},
           {"tuned-cifar10", GaborRanges::tuned_cifar10}},
          gabor_bank, learning, [](auto& c) -> auto& { return c.hidden.gabor_ranges; }),
      choice<GaborColour>(
          "hidden.gabor_colour", "colour",
          "the same Gabor in every channel (blind), or times random weights of either sign (opponent)",
          {{"blind", GaborColour::blind}, {"opponent", GaborColour::opponent}}, gabor_bank, learning,
          [](auto& c) -> auto& { return c.hidden.gabor_colour; }),
      plain(
          "hidden.bias_mV", "mV", "constant drive of the hidden neurons", voltage(), spiking, learning,
          [](auto& c) -> auto& { return c.spiking.hidden_bias_mV; }),
      plain(
          "hidden.bias_max", "", "hidden biases are uniform from 0 to this", non_negative(1e6),
          rate_hidden_layer, learning, [](auto& c) -> auto& { return c.rate.hidden_bias_max; }),
      plain(
          "hidden.threshold", "",
          "taken from every hidden bias: responses below are silent, a sparser code (not the paper's)",
          non_negative(1e6), rate_hidden_layer, learning,
          [](auto& c) -> auto& { return c.rate.hidden_threshold; }),
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
          "neuron.refractory_ms", "ms",
          "time after a spike in which arrivals are lost, but for the last 1e-9 ms of it",
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
          {{"teacher-stdp", ReadoutRule::teacher_stdp}, {"delta", ReadoutRule::delta}}, readout, learning,
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
          readout, learning, [](auto& c) -> auto& { return c.training.learning_rate; }),
      plain(
          "training.learning_rate_decay", "", "factor by which it falls, geometrically, over the training",
          RealDomain{1.0, 1e12}, readout, learning,
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
      plain(
          "record.deflate", "", "compression of the recorded spikes: 0 (none, fastest) to 9 (smallest)",
          CountDomain{0, 9}, any, evaluation, [](auto& c) -> auto& { return c.record.deflate; }),
  };
}

std::string because(const Config& config, const char* setting) {
  return std::string(setting) + " is " + to_toml(find_config_key(setting)->read(config));
}

/// why_not_applicable() for the scopes of learned banks; empty for the others.
std::string why_not_of_bank(KeyScope scope, const Config& config) {
  const FieldKind bank = config.hidden.kind;
  const auto unless = [&](bool applies, const char* setting) {
    return applies ? std::string() : because(config, setting);
  };
  switch (scope) {
    case KeyScope::learned_bank:
      return unless(is_learned(bank), "hidden.kind");
    case KeyScope::measured_bank:
      return unless(is_learned(bank) || bank == FieldKind::file, "hidden.kind");
    case KeyScope::pca_bank:
      return unless(bank == FieldKind::pca, "hidden.kind");
    case KeyScope::ica_bank:
      return unless(bank == FieldKind::ica, "hidden.kind");
    case KeyScope::sparse_bank:
    case KeyScope::inhibiting_bank:
      return unless(bank == FieldKind::sparse, "hidden.kind");
    case KeyScope::online_bank:
      if (bank == FieldKind::pca) return unless(config.learned.pca_rule != PcaRule::batch, "hidden.pca_rule");
      if (bank == FieldKind::ica)
        return unless(config.learned.ica_rule != IcaRule::fast_ica, "hidden.ica_rule");
      return unless(bank == FieldKind::sparse, "hidden.kind");
    default:
      return "";
  }
}

}  // namespace

std::span<const ConfigKey> config_keys() {
  static const std::vector<ConfigKey> keys = [] {
    std::vector<ConfigKey> all;
    for (const auto section :
         {general_keys, dataset_keys, input_and_hidden_keys, learned_bank_keys, neuron_keys, readout_keys,
          memory_keys, protocol_keys, training_keys, engine_and_record_keys}) {
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
  const KeyScope scope = key.scope;
  const bool of_spiking = scope == KeyScope::spiking;
  const bool of_learning_bank = scope == KeyScope::learning_bank || scope == KeyScope::feedback_alignment;
  const bool of_inhibiting_bank = scope == KeyScope::inhibiting_bank;
  const bool of_rate_hidden = scope == KeyScope::rate_hidden_layer || of_learning_bank || of_inhibiting_bank;
  const bool of_rate = scope == KeyScope::rate || of_rate_hidden;
  const bool of_memory = scope == KeyScope::memory || scope == KeyScope::memory_hidden_layer;
  if (of_spiking && config.model != ModelKind::spiking) return because(config, "model");
  if (of_rate && config.model != ModelKind::rate) return because(config, "model");
  if (of_memory && config.model != ModelKind::memory) return because(config, "model");
  if (scope == KeyScope::readout && config.model == ModelKind::memory) return because(config, "model");
  const FieldKind bank = config.hidden.kind;
  const bool of_hidden =
      scope == KeyScope::hidden_layer || of_rate_hidden || scope == KeyScope::memory_hidden_layer;
  if (of_hidden && bank == FieldKind::none) return because(config, "hidden.kind");
  if (scope == KeyScope::random_bank && bank != FieldKind::random) return because(config, "hidden.kind");
  if (scope == KeyScope::gabor_bank && bank != FieldKind::gabor) return because(config, "hidden.kind");
  const HiddenRule rule = config.rate.hidden_rule;
  if (of_inhibiting_bank && bank == FieldKind::sparse && rule != HiddenRule::fixed)
    return because(config, "hidden.rule");
  if (of_learning_bank && rule == HiddenRule::fixed) return because(config, "hidden.rule");
  if (scope == KeyScope::feedback_alignment && rule != HiddenRule::feedback_alignment) {
    return because(config, "hidden.rule");
  }
  return why_not_of_bank(scope, config);
}

}  // namespace shallows
