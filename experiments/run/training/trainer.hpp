// The training loop: present, learn, count, record, checkpoint; then test and write the run file.
//
// A run is a function of configuration and data: it may be stopped after any image and resumed from its
// checkpoint, on another number of threads, to the same bits.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "experiments/config/config.hpp"
#include "experiments/data/dataset.hpp"
#include "experiments/run/evaluation/record_selection.hpp"
#include "experiments/run/network/network.hpp"
#include "experiments/run/network/stored_network.hpp"
#include "experiments/run/progress.hpp"
#include "experiments/run/stored/data_record.hpp"
#include "experiments/run/stored/train_state.hpp"
#include "experiments/run/training/training_loop.hpp"
#include "output/record/resumable_recording.hpp"
#include "output/record/run_file.hpp"

namespace shallows {

struct TrainOptions {
  std::string output;                      ///< the run file; the checkpoint is output + ".checkpoint"
  std::uint64_t checkpoint_every = 10000;  ///< images
  double max_seconds = 0.0;                ///< stop and checkpoint after so long; 0: no limit
  Verbosity verbosity = Verbosity::normal;
  Provenance provenance;
  std::vector<LearnedImages> earlier = {};             ///< that the network has learned from before this run
  std::optional<ReceptiveFields> bank = std::nullopt;  ///< scaled; none: the one that the configuration makes
};

enum class TrainEnd { complete, out_of_time, interrupted };

std::string checkpoint_path(const std::string& output);

/// Removes the checkpoint of a run that is complete: the program was killed before it could. To be called
/// before a checkpoint counts as a run to resume.
void remove_checkpoint_of_complete_run(const std::string& output);

class Trainer {
 public:
  /// Begins a run with a new network.
  Trainer(const Config& config, const Dataset& dataset, TrainOptions options);
  /// Begins a run with a network that has learned before.
  Trainer(const Config& config, const Dataset& dataset, TrainOptions options, Network network);
  /// Goes on from a checkpoint. Throws Error (checkpoint) if it belongs to another configuration.
  Trainer(const Config& config, const Dataset& dataset, TrainOptions options, const RunReader& checkpoint);

  const TrainState& state() const { return state_; }
  const Network& network() const { return network_; }

  /// Presents images until the end, a signal or the time limit. The checkpoint is on the disk when it
  /// returns. Throws Error (network) if the network stays silent or diverges.
  [[nodiscard]] TrainEnd train();

  /// Evaluates on the validation and test images, writes the run file and removes the checkpoint. Returns the
  /// result, or nothing if a signal came in between (the checkpoint stays). Throws Error (network, data).
  [[nodiscard]] std::optional<nlohmann::json> finish();

  /// The figures so far.
  nlohmann::json result() const;

 private:
  Trainer(const Config& config, const Dataset& dataset, TrainOptions options, Network network,
          std::vector<NamedArray> initial, TrainState state, const std::optional<h5::Snapshot>& recording);

  std::uint64_t next_stop() const;
  /// Throws Error (network) if the weights have diverged or the readout is dead; the last checkpoint is then
  /// the last good state.
  void present(std::uint64_t first, std::uint64_t last);
  void record(std::uint64_t presentation, std::uint64_t slot);
  void write_checkpoint();
  void write_checkpoint_file(const h5::Snapshot* recording, bool complete);
  void begin_recording(const std::optional<h5::Snapshot>& snapshot);
  bool evaluate_into(RunWriter& writer, SpikeRecorder& recorder, nlohmann::json& figures);
  void write_network(RunWriter& writer) const;
  /// The network's arrays. Throws Error (network) if one of a rate network has overflowed.
  std::vector<NamedArray> finite_arrays() const;
  /// What to do about a failure after so many images.
  Error divergence(const std::string& failure, std::uint64_t images, double learning_rate) const;
  void write_order(RunWriter& writer);
  std::string note() const;

  Config config_;
  const Dataset& dataset_;
  TrainOptions options_;
  Network network_;
  std::vector<NamedArray> initial_;  // what the training began with
  TrainState state_;
  TrainingLoop loop_;
  RecordSelection selection_;
  std::unique_ptr<ResumableRecording> recording_;  // since the first trial to be recorded
  TimeMs presentation_ms_;
  std::uint64_t saved_ = 0;  // images that the checkpoint on the disk has seen
};

}  // namespace shallows
