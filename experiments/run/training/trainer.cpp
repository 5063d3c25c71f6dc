#include "experiments/run/training/trainer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <utility>
#include <variant>

#include "experiments/run/evaluation/evaluation.hpp"
#include "experiments/run/evaluation/result.hpp"
#include "experiments/run/interrupt.hpp"
#include "experiments/run/network/bank.hpp"
#include "experiments/run/stored/memory_file.hpp"

namespace shallows {
namespace {

using Clock = std::chrono::steady_clock;

/// Images between two looks at the clock and at signals. Bounds the spikes held in memory too.
constexpr std::uint64_t kSpikingChunk = 16;
constexpr std::uint64_t kReferenceChunk = 1;  // it takes its time
constexpr std::uint64_t kRateChunk = 256;
constexpr std::uint64_t kMemoryChunk = 1000;
/// A network without a spike for so many images will never learn.
constexpr std::uint64_t kSilenceLimit = 200;
/// A rate readout without an active unit for so many images may be dead: nothing is saved meanwhile.
constexpr std::uint64_t kSuspiciousSilence = 20;

constexpr const char* kInitialWeights = "weights/readout/initial";
/// In a checkpoint: its recording has become the run file, or is about to.
constexpr const char* kCompleteMark = "recording/complete";

std::vector<std::string> recorded_in_training(const Config& config) {
  return config.record.phase == RecordPhase::test ? std::vector<std::string>{} : config.record.populations;
}

/// What was recorded before the checkpoint can't be joined with other populations: better said now than at
/// the end.
void require_same_recording(const Config& config, const RunReader& checkpoint) {
  if (!read_snapshot(checkpoint)) return;
  const Config stored = parse_config(checkpoint.provenance().config, checkpoint.path(), {});
  std::vector<std::string> before = recorded_in_training(stored);
  std::vector<std::string> now = recorded_in_training(config);
  std::sort(before.begin(), before.end());
  std::sort(now.begin(), now.end());
  if (before == now) return;
  throw Error(
      ErrorKind::checkpoint,
      fmt::format("can't record [{}] of the training ('{}' has recorded [{}] so far); resume with the same "
                  "--record, or train without --resume to start anew",
                  fmt::join(now, ", "), checkpoint.path(), fmt::join(before, ", ")));
}

Network checked_network(const Config& config, const Dataset& dataset, const RunReader& checkpoint) {
  require_same_training(config, checkpoint);
  require_same_images(checkpoint, dataset);
  require_same_recording(config, checkpoint);
  return restore_network(config, checkpoint);
}

std::vector<NamedArray> stored_initial_arrays(const Config& config, const RunReader& checkpoint) {
  if (config.memory() != nullptr) return {};
  std::vector<NamedArray> arrays = checkpoint.read_arrays("initial");
  for (NamedArray& array : checkpoint.read_arrays("test")) arrays.push_back(std::move(array));
  for (NamedArray& array : checkpoint.read_arrays("weights")) {
    if (array.name != kInitialWeights) continue;
    arrays.push_back(std::move(array));
    return arrays;
  }
  throw Error(ErrorKind::data, "'" + checkpoint.path() + "' lacks " + kInitialWeights +
                                   " (it is incomplete); train without --resume to start anew");
}

}  // namespace

std::string checkpoint_path(const std::string& output) { return output + ".checkpoint"; }

void remove_checkpoint_of_complete_run(const std::string& output) {
  namespace fs = std::filesystem;
  const std::string path = checkpoint_path(output);
  if (!fs::exists(path) || !fs::exists(output) || fs::exists(recording_path(output))) return;
  const RunReader checkpoint(path);
  if (!checkpoint.contains(kCompleteMark)) return;
  const auto id = recording_id(checkpoint);
  if (id && id == recording_id(RunReader(output))) fs::remove(path);
}

Trainer::Trainer(const Config& config, const Dataset& dataset, TrainOptions options)
    : Trainer(config, dataset, options,
              Network::make(config, dataset.train.shape(), dataset.classes,
                            options.bank ? options.bank : make_bank(config, dataset, options.verbosity))) {}

Trainer::Trainer(const Config& config, const Dataset& dataset, TrainOptions options, Network network)
    : Trainer(config, dataset, std::move(options), std::move(network), {}, {}, {}) {
  initial_ = network_.initial_arrays();
}

Trainer::Trainer(const Config& config, const Dataset& dataset, TrainOptions options,
                 const RunReader& checkpoint)
    : Trainer(config, dataset, std::move(options), checked_network(config, dataset, checkpoint),
              stored_initial_arrays(config, checkpoint),
              read_train_state(checkpoint, population_names(config)), read_snapshot(checkpoint)) {}

Trainer::Trainer(const Config& config, const Dataset& dataset, TrainOptions options, Network network,
                 std::vector<NamedArray> initial, TrainState state,
                 const std::optional<h5::Snapshot>& recording)
    : config_(config),
      dataset_(dataset),
      options_(std::move(options)),
      network_(std::move(network)),
      initial_(std::move(initial)),
      state_(std::move(state)),
      loop_(config, dataset.train),
      selection_(config.record, network_.populations()),
      presentation_ms_(config.spiking() != nullptr
                           ? config.spiking()->protocol.transient_ms + config.spiking()->protocol.learning_ms
                           : 0.0) {
  if (network_.shape() != dataset.train.shape() || network_.classes() < dataset.classes) {
    throw Error(
        ErrorKind::checkpoint,
        "the checkpoint's network was made for other images (their shape or number of classes differs); use "
        "the data set that it was trained on");
  }
  if (recording) begin_recording(recording);
}

void Trainer::begin_recording(const std::optional<h5::Snapshot>& snapshot) {
  recording_ =
      std::make_unique<ResumableRecording>(options_.output, selection_.populations(), network_.classes(),
                                           static_cast<unsigned>(config_.record.deflate), snapshot);
}

std::uint64_t Trainer::next_stop() const {
  const auto after = [&](std::uint64_t interval) { return (state_.total.images / interval + 1) * interval; };
  if (network_.memory() != nullptr)  // on a grid that no checkpoint and no resume can move
    return std::min(after(whole_batches(network_, kMemoryChunk)), loop_.size());
  const std::uint64_t chunk = !network_.is_spiking()             ? kRateChunk
                              : network_.engine() == "reference" ? kReferenceChunk
                                                                 : kSpikingChunk;
  const std::uint64_t stop =
      std::min({state_.total.images + chunk, after(kCurveInterval), after(options_.checkpoint_every)});
  return std::min(whole_batches(network_, stop), loop_.size());
}

void Trainer::present(std::uint64_t first, std::uint64_t last) {
  // Once in a row of the learning curve, wherever a training was cut.
  const Measure measure = state_.window.images == 0 ? Measure::first_update : Measure::nothing;
  const LearningReport report = loop_.teach(network_, first, last, measure);
  state_.loss_units += report.loss_units;
  state_.angle_sum += report.angle_sum_deg;
  state_.angles += report.angles;
  if (const std::string failure = loop_.failure(network_, report); !failure.empty()) {
    throw divergence(failure, first, loop_.shown().front().learning_rate);
  }
  for (std::uint64_t slot = 0; slot < last - first; ++slot) {
    const std::uint8_t predicted = loop_.predicted()[slot];
    const auto verdict = predicted == no_class                    ? Tally::Verdict::none
                         : predicted == loop_.shown()[slot].label ? Tally::Verdict::correct
                                                                  : Tally::Verdict::wrong;
    state_.total.add(loop_.activities()[slot], verdict);
    state_.window.add(loop_.activities()[slot], verdict);
    if (selection_.selects(Phase::train, first + slot)) record(first + slot, slot);
  }
}

void Trainer::record(std::uint64_t presentation, std::uint64_t slot) {
  if (!recording_) begin_recording(std::nullopt);
  const TimeMs start = static_cast<double>(presentation) * presentation_ms_;
  recording_->recorder().trial({.start_ms = start,
                                .stop_ms = start + presentation_ms_,
                                .sample = static_cast<std::uint32_t>(loop_.schedule().image(presentation)),
                                .label = loop_.shown()[slot].label,
                                .predicted = loop_.predicted()[slot],
                                .phase = Phase::train,
                                .scores = {}},
                               selection_.trains(loop_.activities()[slot]));
}

TrainEnd Trainer::train() {
  const std::uint64_t total = loop_.size();
  Progress progress("train", state_.total.images, total, options_.verbosity);
  const auto start = Clock::now();
  const double seconds_before = state_.total.seconds;
  TrainEnd end = TrainEnd::complete;
  if (!network_.is_spiking()) write_checkpoint();  // a good state, whatever the learning rate does
  while (state_.total.images < total) {
    const std::uint64_t first = state_.total.images;
    present(first, next_stop());
    const std::uint64_t done = state_.total.images;
    const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    state_.total.seconds = seconds_before + elapsed;
    if (network_.is_spiking() && (done >= kSilenceLimit || done == total)) {
      refuse_silence(state_.total, network_.populations(),
                     fmt::format("for the first {} training images", done));
    }
    const auto crossed = [&](std::uint64_t interval) { return done / interval != first / interval; };
    if (crossed(kCurveInterval) || done == total) {
      state_.close_row({.learning_rate = loop_.schedule().learning_rate(done - 1),
                        .has_loss = config_.rate() != nullptr,
                        .layers = network_.layer_figures()});
    }
    progress.update(done, note());
    if (done == total) break;
    if (interrupt::requested() != 0) end = TrainEnd::interrupted;
    if (end == TrainEnd::complete && options_.max_seconds > 0.0 && elapsed >= options_.max_seconds) {
      end = TrainEnd::out_of_time;
    }
    if (end != TrainEnd::complete) break;
    if (crossed(options_.checkpoint_every) && loop_.silent() < kSuspiciousSilence) write_checkpoint();
  }
  write_checkpoint();
  return end;
}

std::string Trainer::note() const {
  if (state_.curve.images.empty() || std::isnan(state_.curve.online_accuracy.back())) return {};
  return fmt::format("online accuracy {:.1f} %", state_.curve.online_accuracy.back());
}

Error Trainer::divergence(const std::string& failure, std::uint64_t images, double learning_rate) const {
  return {ErrorKind::network,
          fmt::format("{} after {} images, with learning rate {:.3g}; lower training.learning_rate = {} (the "
                      "last good state, after {} images, is in '{}')",
                      failure, images, learning_rate, config_.training.learning_rate, saved_,
                      checkpoint_path(options_.output))};
}

/// The last update before a file is written was not yet seen in an answer.
std::vector<NamedArray> Trainer::finite_arrays() const {
  std::vector<NamedArray> arrays = network_.arrays();
  if (config_.rate() == nullptr) return arrays;
  for (const NamedArray& array : arrays) {
    const bool finite = std::visit(
        [](const auto& values) {
          return std::ranges::all_of(values, [](auto v) { return std::isfinite(static_cast<double>(v)); });
        },
        array.values);
    if (finite) continue;
    const std::uint64_t images = state_.total.images;
    throw divergence(fmt::format("the network diverged ('{}' has values that are not finite)", array.name),
                     images, loop_.schedule().learning_rate(images > 0 ? images - 1 : 0));
  }
  return arrays;
}

void Trainer::write_network(RunWriter& writer) const {
  writer.write_provenance(options_.provenance);
  write_data(writer, record_of(dataset_, options_.earlier));
  writer.write_arrays(finite_arrays());
  writer.write_arrays(initial_);
  if (network_.memory() != nullptr) write_memory(writer, *network_.memory());
  write_train_state(writer, state_, population_names(config_));
}

/// Not into checkpoints: they know it from their configuration.
void Trainer::write_order(RunWriter& writer) {
  std::vector<std::uint32_t> order;
  for (std::uint64_t k = 0; k < loop_.size(); ++k)
    order.push_back(static_cast<std::uint32_t>(loop_.schedule().image(k)));
  constexpr std::uint64_t kChunk = 65536;
  h5::Storage storage;
  if (!order.empty()) storage = {.chunk = {std::min<std::uint64_t>(order.size(), kChunk)}, .deflate = 4};
  writer.file().write("training/order", order, {order.size()}, storage);
}

void Trainer::write_checkpoint() {
  if (recording_) {
    const h5::Snapshot snapshot = recording_->snapshot();
    write_checkpoint_file(&snapshot, false);
    recording_->settle();
  } else {
    write_checkpoint_file(nullptr, false);
  }
  saved_ = state_.total.images;
}

void Trainer::write_checkpoint_file(const h5::Snapshot* recording, bool complete) {
  RunWriter writer(checkpoint_path(options_.output), FileKind::checkpoint);
  write_network(writer);
  writer.write_summary(result());
  if (recording != nullptr) write_snapshot(writer, *recording);
  if (complete) writer.write_array(kCompleteMark, std::vector<std::uint8_t>{1});
  writer.commit();
}

nlohmann::json Trainer::result() const {
  nlohmann::json result = describe_run(config_, network_, dataset_);
  add_training(result, state_, network_);
  result["version"] = options_.provenance.version;
  result["threads"] = options_.provenance.threads;
  result["output"] = options_.output;
  result["complete"] = state_.total.images == loop_.size();
  return result;
}

std::optional<nlohmann::json> Trainer::finish() {
  nlohmann::json figures = result();
  if (recording_) {
    {
      RunWriter writer(recording_->file(), FileKind::run);
      if (!evaluate_into(writer, recording_->recorder(), figures)) return {};
    }
    recording_->commit([&](const h5::Snapshot& settled) { write_checkpoint_file(&settled, true); });
    recording_.reset();
  } else {
    RunWriter writer(options_.output, FileKind::run);
    SpikeRecorder recorder(writer.file(), selection_.populations(), network_.classes(),
                           static_cast<unsigned>(config_.record.deflate));
    if (!evaluate_into(writer, recorder, figures)) return {};
    writer.commit();
  }
  std::filesystem::remove(checkpoint_path(options_.output));
  return figures;
}

/// All of the run file but the training's trials. False if a signal came in between.
bool Trainer::evaluate_into(RunWriter& writer, SpikeRecorder& recorder, nlohmann::json& figures) {
  write_network(writer);
  write_order(writer);
  TimeMs start_ms = static_cast<double>(state_.total.images) * presentation_ms_;
  const auto evaluate_on = [&](const ImageSet& set, Phase phase, const std::string& split,
                               std::uint64_t images) {
    const Evaluation evaluation =
        evaluate(network_, config_, set,
                 {.phase = phase, .images = images, .start_ms = start_ms, .verbosity = options_.verbosity},
                 selection_, &recorder);
    if (evaluation.interrupted) return false;
    const TimeMs trial_ms = network_.is_spiking() ? config_.spiking()->protocol.test_ms : 0.0;
    start_ms += static_cast<double>(evaluation.tally.images) * trial_ms;
    add_evaluation(figures, split, evaluation, network_);
    writer.write_array("evaluation/" + split + "_confusion", evaluation.confusion,
                       {network_.classes(), network_.classes()});
    return true;
  };
  if (!dataset_.validation.empty() && !evaluate_on(dataset_.validation, Phase::validation, "validation", 0))
    return false;
  if (!dataset_.test.empty() && !evaluate_on(dataset_.test, Phase::test, "test", config_.test_images))
    return false;
  recorder.finish();
  writer.write_summary(figures);
  return true;
}

}  // namespace shallows
