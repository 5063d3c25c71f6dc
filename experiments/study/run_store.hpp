// The runs of studies, a file for each in one folder. A run is found again by what it depends on: the name of
// its file ends with a digest of its effective configuration, the format of run files, and its training and
// test images. Processes share the folder: each claims a run before it trains it.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "experiments/config/config.hpp"
#include "experiments/data/dataset.hpp"
#include "experiments/run/progress.hpp"
#include "experiments/study/study.hpp"

namespace shallows {

/// What came of a run: figures (experiments/run/evaluation/result.hpp), or why there are none.
struct RunOutcome {
  nlohmann::json figures;
  std::string failure;  ///< why the network failed (it diverged, or stayed silent); empty if it did not
  std::string file;
};

enum class RunState {
  finished,
  found,  ///< finished by another process, after it was seen to be missing
  busy,
  stopped
};

class RunStore {
 public:
  /// In files of `directory`, which exists. `command_line` and `threads` are what the files say of their
  /// origin.
  RunStore(const StudyPlan& plan, std::string directory, std::string command_line, std::uint64_t threads);

  /// Throws Error as load_dataset does.
  const Dataset& dataset_of(const Config& config);
  /// Throws Error (configuration) as check_against_data does, naming the row.
  void require_fitting(const StudyRun& run);
  /// Nothing if the run is not finished.
  std::optional<RunOutcome> outcome(const StudyRun& run);
  /// Trains the run if it is not finished, and before it the run that gives its bank. `busy`: another process
  /// is at one of them; `stopped`: a signal came. Throws Error, but not for a network that fails.
  [[nodiscard]] RunState ensure(const StudyRun& run);
  std::string file_of(const StudyRun& run);

 private:
  std::string digest_of(const StudyRun& run);
  /// The bank that a run is given: that of another run, or a learned one that runs share.
  std::optional<ReceptiveFields> bank_of(const StudyRun& run, Config& config, RunState& state);
  std::optional<ReceptiveFields> shared_bank(Config& config, RunState& state);

  const StudyPlan& plan_;
  std::string directory_;
  std::string command_line_;
  std::uint64_t threads_;
  std::map<std::string, Dataset> datasets_;
};

}  // namespace shallows
