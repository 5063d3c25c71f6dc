#include "experiments/run/evaluation/evaluation.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "experiments/run/interrupt.hpp"
#include "experiments/run/network/bank.hpp"

namespace shallows {

namespace {

std::string how_to_wake(const std::string& population) {
  if (population == "input") return "raise input.gain_mV or input.bias_mV, or lower neuron.threshold_mV";
  if (population == "readout") return "raise readout.weight_scale_mV or readout.bias_mV, or train longer";
  // Of "hidden3" the keys are hidden.3.*; simple cells have those of their layer.
  const bool upper = population.starts_with("hidden") && population != "hidden";
  const std::string section = upper ? "hidden." + population.substr(6) : "hidden";
  return "raise " + section + ".scale or " + section + ".bias_mV, or lower neuron.threshold_mV";
}

}  // namespace

double accuracy_on(const Network& network, const Config& config, const ImageSet& images) {
  const EvaluationPlan plan{.images = config.test_images, .verbosity = Verbosity::quiet};
  return evaluate(network, config, images, plan, RecordSelection({}, {}), nullptr).tally.accuracy();
}

void refuse_silence(const Tally& tally, const std::vector<PopulationInfo>& populations,
                    const std::string& when) {
  for (std::size_t p = 0; p < populations.size() && p < tally.spikes.size(); ++p) {
    if (tally.spikes[p] > 0) continue;
    throw Error(ErrorKind::network, "the " + populations[p].name + " population stayed silent " + when +
                                        " (not one spike, so nothing can be learned or read out); " +
                                        how_to_wake(populations[p].name));
  }
}

std::vector<std::uint32_t> lost_classes(std::span<const std::uint64_t> confusion, std::size_t classes) {
  std::vector<std::uint32_t> lost;
  for (std::size_t c = 0; c < classes; ++c) {
    std::uint64_t shown = 0;
    std::uint64_t answered = 0;
    for (std::size_t other = 0; other < classes; ++other) {
      shown += confusion[c * classes + other];
      answered += confusion[other * classes + c];
    }
    if (shown > 0 && answered == 0) lost.push_back(static_cast<std::uint32_t>(c));
  }
  return lost;
}

Network scaled_for(const Network& network, const Config& config, const ImageSet& set) {
  return network.with_bank(config, scaled_bank(*network.bank(), config, set));
}

Evaluation evaluate(const Network& trained, const Config& config, const ImageSet& set,
                    const EvaluationPlan& plan, const RecordSelection& selection, SpikeRecorder* recorder) {
  std::optional<Network> scaled;
  if (config.rate() != nullptr && has_per_set_scale(config.hidden.bank))
    scaled.emplace(scaled_for(trained, config, set));
  const Network& network = scaled ? *scaled : trained;
  const ProtocolParams protocol = config.spiking() != nullptr ? config.spiking()->protocol : ProtocolParams();
  const std::uint64_t total =
      plan.images == 0 ? set.size() : std::min<std::uint64_t>(plan.images, set.size());
  Evaluation result;
  result.confusion.assign(network.classes() * network.classes(), 0);
  std::optional<SpikingNetwork::TestSequence> sequence;
  if (network.is_spiking() && protocol.test_carry_over) sequence.emplace(network.test_sequence());
  const std::string split = to_string(plan.phase);
  Progress progress(split, 0, total, plan.verbosity);
  const auto start = std::chrono::steady_clock::now();
  // Bounds the spikes held in memory; without spikes, more images at once are faster. In a sequence they come
  // one by one, and memory that was just used is fastest.
  constexpr std::uint64_t kNeuronsAtOnce = 320'000;
  std::uint64_t batch = 512;
  if (network.is_spiking()) {
    std::uint64_t neurons = 0;
    for (const PopulationInfo& population : network.populations()) neurons += population.size;
    batch = std::clamp<std::uint64_t>(kNeuronsAtOnce / neurons, 16, 64);
  }
  if (sequence) batch = 1;
  std::vector<Activity> activities(batch);
  std::vector<Response> responses(batch);
  std::vector<Image> images;
  const TimeMs trial_ms = network.is_spiking() ? protocol.test_ms : 0.0;
  for (std::uint64_t first = 0; first < total && !result.interrupted; first += batch) {
    const std::uint64_t count = std::min(batch, total - first);
    images.clear();
    for (std::uint64_t k = 0; k < count; ++k) images.push_back(set.image(first + k));
    if (sequence) {
      for (std::uint64_t k = 0; k < count; ++k) responses[k] = sequence->respond(images[k], activities[k]);
    } else {
      network.respond(images, std::span(activities).first(count), std::span(responses).first(count));
    }
    for (std::uint64_t k = 0; k < count; ++k) {
      const std::uint8_t label = set.label(first + k);
      const std::uint8_t predicted = responses[k].predicted;
      result.tally.add(activities[k], label == predicted ? Tally::Verdict::correct : Tally::Verdict::wrong);
      ++result.confusion[label * network.classes() + predicted];
      if (recorder == nullptr) continue;
      const TimeMs begin = plan.start_ms + static_cast<double>(first + k) * trial_ms;
      const bool record = selection.selects(plan.phase, first + k);
      recorder->trial({.start_ms = begin,
                       .stop_ms = begin + trial_ms,
                       .sample = static_cast<std::uint32_t>(first + k),
                       .label = label,
                       .predicted = predicted,
                       .phase = plan.phase,
                       .scores = responses[k].scores},
                      record ? selection.trains(activities[k]) : std::vector<const SpikeTrain*>{});
    }
    progress.update(first + count);
    result.interrupted = interrupt::requested() != 0 && first + count < total;
  }
  result.tally.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (network.is_spiking() && !result.interrupted)
    refuse_silence(result.tally, network.populations(), "on all " + split + " images");
  return result;
}

}  // namespace shallows
