#include "experiments/run/evaluation/result.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "experiments/run/progress.hpp"

namespace shallows {
namespace {

nlohmann::json spikes_per_image(const Tally& tally, const Network& network) {
  nlohmann::json spikes = nlohmann::json::object();
  const std::vector<PopulationInfo> populations = network.populations();
  for (std::size_t p = 0; p < populations.size(); ++p)
    spikes[populations[p].name] = tally.per_image(p < tally.spikes.size() ? tally.spikes[p] : 0);
  return spikes;
}

double rate(double amount, double seconds) { return seconds > 0.0 ? amount / seconds : 0.0; }

/// "3, 5"
std::string list_of(const nlohmann::json& classes) {
  return fmt::format("{}", fmt::join(classes.get<std::vector<std::uint32_t>>(), ", "));
}

double number_or_nan(const nlohmann::json& result, const char* key) {
  const auto found = result.find(key);
  return found != result.end() && found->is_number() ? found->get<double>()
                                                     : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

nlohmann::json describe_run(const Config& config, const Network& network, const Dataset& dataset) {
  nlohmann::json result = {{"name", config.name},
                           {"dataset", dataset.name},
                           {"train_sha256", dataset.identity.learned.files.sha256},
                           {"model", model_name(config, network.shape())},
                           {"coding", coding_name(config)},
                           {"hidden", network.hidden()},
                           {"seed", config.seed},
                           {"epochs", config.training.epochs},
                           {"engine", network.engine()}};
  if (!dataset.test.empty()) result["test_sha256"] = dataset.identity.test.sha256;
  if (origin_of(config.hidden.bank) != BankOrigin::none) result["patch"] = config.hidden.patch;
  if (network.memory() != nullptr) result["fields"] = network.memory()->fields();
  return result;
}

void add_training(nlohmann::json& result, const TrainState& state, const Network& network) {
  const Tally& total = state.total;
  result["images_trained"] = total.images;
  result["training_seconds"] = total.seconds;
  result["ms_per_image"] = total.per_image(1e3 * total.seconds);
  result["spikes_per_image"] = spikes_per_image(total, network);
  result["synaptic_events"] = total.synaptic_events;
  result["synaptic_events_per_second"] = rate(static_cast<double>(total.synaptic_events), total.seconds);
  for (const auto& [name, column] : state.curve.others) {
    if (!column.empty() && !std::isnan(column.back())) result["training_" + name] = column.back();
  }
}

void add_evaluation(nlohmann::json& result, const std::string& split, const Evaluation& evaluation,
                    const Network& network) {
  const Tally& tally = evaluation.tally;
  result[split + "_accuracy"] = tally.accuracy();
  result[split + "_images"] = tally.images;
  result[split + "_correct"] = tally.correct;
  result[split + "_lost_classes"] = lost_classes(evaluation.confusion, network.classes());
  result[split + "_seconds"] = tally.seconds;
  result[split + "_ms_per_image"] = tally.per_image(1e3 * tally.seconds);
  result[split + "_spikes_per_image"] = spikes_per_image(tally, network);
  result[split + "_synaptic_operations_per_image"] = tally.per_image(tally.synaptic_events);
}

std::string lost_classes_warning(const nlohmann::json& result, const Config& config) {
  if (result.value("images_trained", std::uint64_t{1}) == 0)
    return {};  // an untrained network has lost nothing
  for (const char* split : {"test", "validation", "train"}) {
    const auto lost = result.find(std::string(split) + "_lost_classes");
    if (lost == result.end() || lost->empty()) continue;
    const std::string problem =
        fmt::format("class {} is never the answer to the {} images", list_of(*lost), split);
    if (config.memory() != nullptr)
      return problem + " (a memory has few rows of it, or none); raise memory.max_neurons";
    if (config.rate() != nullptr && std::holds_alternative<SquaredError::Params>(config.rate()->loss))
      return problem +
             " (a rectified unit that falls silent for all images learns nothing any more); lower "
             "training.learning_rate, raise readout.bias_max, or set readout.loss = \"cross-entropy\"";
    return problem +
           " (the network is not trained yet, or its learning has failed for it); train longer, or "
           "lower training.learning_rate";
  }
  return {};
}

ComparisonRow to_comparison_row(const std::string& file, const nlohmann::json& result) {
  ComparisonRow row;
  try {
    row.file = file;
    row.name = result.at("name").get<std::string>();
    row.model = result.at("model").get<std::string>();
    row.coding = result.at("coding").get<std::string>();
    row.dataset = result.at("dataset").get<std::string>();
    row.hidden = result.at("hidden").get<std::uint64_t>();
    row.seed = result.at("seed").get<std::uint64_t>();
    row.epochs = result.at("epochs").get<double>();
    row.test_accuracy = result.at("test_accuracy").get<double>();
    row.test_images = result.at("test_images").get<std::uint64_t>();
    row.test_sha256 = result.value("test_sha256", "");
    row.lost_classes = result.at("test_lost_classes").get<std::vector<std::uint32_t>>();
    row.ci95 = wilson_interval(result.at("test_correct").get<std::uint64_t>(), row.test_images);
    if (const auto spikes = result.find("test_spikes_per_image"); spikes != result.end()) {
      for (const auto& [population, count] : spikes->items()) row.spikes_per_image += count.get<double>();
    }
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorKind::data,
                "'" + file +
                    "' holds no test result (it is a checkpoint, or a test of another split); train "
                    "it to the end or run shallows test on it");
  }
  row.synaptic_operations_per_image = number_or_nan(result, "test_synaptic_operations_per_image");
  row.training_seconds = number_or_nan(result, "training_seconds");
  row.ms_per_image = number_or_nan(result, "ms_per_image");
  return row;
}

std::string render_result(const nlohmann::json& result) {
  std::string text = fmt::format(
      "{}: {} {}, {} {}, {}, seed {}\n", result.at("name").get<std::string>(),
      result.at("coding").get<std::string>(), result.at("model").get<std::string>(),
      result.at("hidden").get<std::uint64_t>(), result.at("coding") == "memory" ? "rows" : "hidden neurons",
      result.at("dataset").get<std::string>(), result.at("seed").get<std::uint64_t>());
  const auto spikes_text = [](const nlohmann::json& spikes) {
    // In the order of the network: objects are sorted by name.
    std::vector<std::string> names;
    for (const auto& [name, count] : spikes.items()) names.push_back(name);
    const auto rank = [](const std::string& name) {
      constexpr std::array<std::string_view, 2> kFirst = {"input", "simple"};
      return std::pair(name == "readout" ? 3 : std::ranges::find(kFirst, name) - kFirst.begin(), name);
    };
    std::ranges::sort(names, {}, rank);
    std::string line;
    for (const std::string& name : names)
      line += fmt::format("{}{:.0f} {}", line.empty() ? "" : ", ", spikes.at(name).get<double>(), name);
    return line;
  };
  if (result.contains("images_trained")) {
    text += fmt::format("  trained     {} images in {} ({:.3f} ms each, {:.3g} synaptic events/s)\n",
                        result.at("images_trained").get<std::uint64_t>(),
                        format_duration(result.at("training_seconds").get<double>()),
                        result.at("ms_per_image").get<double>(),
                        result.at("synaptic_events_per_second").get<double>());
    // Empty objects are not stored.
    const std::string spikes = spikes_text(result.value("spikes_per_image", nlohmann::json::object()));
    if (!spikes.empty()) text += "  spikes      " + spikes + " per training image\n";
  }
  for (const char* split : {"train", "validation", "test"}) {
    const std::string prefix = std::string(split) + "_";
    if (!result.contains(prefix + "accuracy")) continue;
    const auto correct = result.at(prefix + "correct").get<std::uint64_t>();
    const auto images = result.at(prefix + "images").get<std::uint64_t>();
    const auto interval = wilson_interval(correct, images);
    text += fmt::format("  {:<11} {:.2f} % of {} images (95 % interval {:.2f} to {:.2f})\n", split,
                        result.at(prefix + "accuracy").get<double>(), images, interval[0], interval[1]);
    const auto& lost = result.at(prefix + "lost_classes");
    if (!lost.empty()) text += fmt::format("              never the answer: {}\n", list_of(lost));
    const std::string spikes = spikes_text(result.at(prefix + "spikes_per_image"));
    if (!spikes.empty()) text += fmt::format("              {} spikes per image\n", spikes);
  }
  return text;
}

}  // namespace shallows
