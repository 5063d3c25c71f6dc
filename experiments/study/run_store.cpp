#include "experiments/study/run_store.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>

#include "experiments/data/sha256.hpp"
#include "experiments/run/interrupt.hpp"
#include "experiments/run/network/bank.hpp"
#include "experiments/run/network/network.hpp"
#include "experiments/run/stored/provenance.hpp"
#include "experiments/run/training/finished_run.hpp"
#include "output/file/output_claim.hpp"
#include "output/file/text_file.hpp"
#include "sim/core/error.hpp"

namespace shallows {
namespace {

namespace fs = std::filesystem;

/// To be raised when the same configuration gives another result.
constexpr int kStoreFormat = 1;

std::string digest(const std::string& text) {
  Sha256 sha;
  sha.add(std::as_bytes(std::span(text)));
  return sha.hex().substr(0, 16);
}

std::string text_of(const DataIdentity& data) {
  return fmt::format("format {}\ntrain {} {}\ntest {}\n", kStoreFormat, data.learned.files.sha256,
                     data.learned.first, data.test.sha256);
}

std::string failure_path(const std::string& file) { return file + ".failed.txt"; }

/// What a learned bank depends on, beside its images.
Config bank_settings(const Config& config) {
  Config settings;
  settings.name = "bank";
  settings.network = chosen_by_name(Networks(), name_in(Networks(), config.network));
  settings.seed = config.seed;
  settings.dataset = config.dataset;
  settings.hidden = config.hidden;
  settings.record = config.record;
  return settings;
}

}  // namespace

RunStore::RunStore(const StudyPlan& plan, std::string directory, std::string command_line,
                   std::uint64_t threads)
    : plan_(plan),
      directory_(std::move(directory)),
      command_line_(std::move(command_line)),
      threads_(threads) {}

const Dataset& RunStore::dataset_of(const Config& config) {
  Config key;
  key.dataset = config.dataset;
  const std::string text = to_toml(key, Comments::no);
  auto found = datasets_.find(text);
  if (found == datasets_.end()) found = datasets_.emplace(text, load_dataset(config.dataset)).first;
  return found->second;
}

void RunStore::require_fitting(const StudyRun& run) {
  try {
    check_against_data(run.config, dataset_of(run.config).train.shape());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::configuration) throw;
    throw Error(error.kind(), fmt::format("row '{}': {}", run.config.name, error.what()));
  }
}

std::string RunStore::digest_of(const StudyRun& run) {
  Config config = run.config;
  config.name.clear();
  std::string text = text_of(dataset_of(config).identity) + to_toml(config, Comments::no);
  if (run.bank_from) text += "bank of " + digest_of(plan_.runs[*run.bank_from]);
  return digest(text);
}

std::string RunStore::file_of(const StudyRun& run) {
  const Dataset& dataset = dataset_of(run.config);
  return (fs::path(directory_) / fmt::format("{}-{}-{}-seed{}-{}.h5", dataset.name, coding_name(run.config),
                                             model_name(run.config, dataset.train.shape()), run.seed,
                                             digest_of(run)))
      .string();
}

std::optional<RunOutcome> RunStore::outcome(const StudyRun& run) {
  RunOutcome result{.figures = {}, .failure = {}, .file = file_of(run)};
  if (std::ifstream failed(failure_path(result.file)); failed) {
    std::getline(failed, result.failure);
    return result;
  }
  // Its name says that it is the one: the configuration inside may have taken settings over from a given bank.
  const auto reader = open_finished_run(result.file);
  if (!reader) return {};
  require_same_images(*reader, dataset_of(run.config));
  result.figures = reader->summary();
  return result;
}

RunState RunStore::ensure(const StudyRun& run) {
  const std::string file = file_of(run);
  const auto claim = OutputClaim::if_free(file);
  if (!claim) return RunState::busy;
  if (outcome(run)) return RunState::found;
  const Dataset& dataset = dataset_of(run.config);
  Config config = run.config;
  RunState state = RunState::finished;
  try {
    auto bank = bank_of(run, config, state);
    if (state != RunState::finished) return state;
    const auto figures = complete_run(config, dataset,
                                      {.output = file,
                                       .verbosity = Verbosity::quiet,
                                       .provenance = make_provenance(config, command_line_, threads_),
                                       .bank = std::move(bank)});
    return figures ? RunState::finished : RunState::stopped;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::network) throw;
    // The same training would fail again.
    write_text_file(failure_path(file), std::string(error.what()) + "\n");
    return RunState::finished;
  }
}

std::optional<ReceptiveFields> RunStore::bank_of(const StudyRun& run, Config& config, RunState& state) {
  if (run.bank_from) {
    const StudyRun& giver = plan_.runs[*run.bank_from];
    state = ensure(giver);
    if (state == RunState::found) state = RunState::finished;
    if (state != RunState::finished) return {};
    const auto given = outcome(giver);
    if (!given->failure.empty()) {
      throw Error(
          ErrorKind::network,
          fmt::format("the run that gives its bank has failed ({}); change that one", given->failure));
    }
    return read_bank(given->file, config, dataset_of(config)).fields;
  }
  if (origin_of(config.hidden.bank) == BankOrigin::learned) return shared_bank(config, state);
  return {};
}

std::optional<ReceptiveFields> RunStore::shared_bank(Config& config, RunState& state) {
  const Dataset& dataset = dataset_of(config);
  const Config settings = bank_settings(config);
  const std::string file =
      (fs::path(directory_) /
       fmt::format("bank-{}-seed{}-{}.h5", name_in(Banks(), config.hidden.bank), config.seed,
                   digest(text_of(dataset.identity) + to_toml(settings, Comments::no))))
          .string();
  const auto claim = OutputClaim::if_free(file);
  if (!claim) {
    state = RunState::busy;
    return {};
  }
  if (!fs::exists(file)) {
    try {
      const MadeBank made = learn_bank(settings, dataset, Verbosity::quiet);
      write_bank(file, made.bank, settings, dataset, make_provenance(settings, command_line_, threads_),
                 nlohmann::json::object());
    } catch (const interrupt::Stopped&) {
      state = RunState::stopped;
      return {};
    }
  }
  return read_bank(file, config, dataset).fields;
}

}  // namespace shallows
