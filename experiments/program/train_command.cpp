#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <optional>
#include <set>

#include "experiments/dataset.hpp"
#include "experiments/program/commands.hpp"
#include "experiments/program/console.hpp"
#include "experiments/program/thread_limit.hpp"
#include "experiments/run/bank.hpp"
#include "experiments/run/interrupt.hpp"
#include "experiments/run/provenance.hpp"
#include "experiments/run/result.hpp"
#include "experiments/run/trainer.hpp"

namespace shallows {
namespace {

namespace fs = std::filesystem;

Config read_arguments(const TrainArguments& arguments) {
  std::vector<std::string> overrides = arguments.run.overrides;
  if (arguments.seed) overrides.push_back("seed=" + std::to_string(*arguments.seed));
  Config config = read_config(arguments.config, overrides);
  apply_record(arguments.run.record, config);
  return config;
}

void report(const TrainArguments& arguments, const nlohmann::json& result, const std::string& file) {
  if (arguments.run.json) {
    print(result);
  } else {
    print(render_result(result) + "  file        " + file + "\n");
  }
}

/// --resume with a run that is complete already: nothing to do but say so.
bool report_if_complete(const TrainArguments& arguments, const Config& config) {
  if (!arguments.resume) return false;
  remove_checkpoint_of_complete_run(arguments.output);
  if (fs::exists(checkpoint_path(arguments.output)) || !fs::exists(arguments.output)) return false;
  const RunReader reader(arguments.output);
  if (reader.kind() != FileKind::run) {
    throw Error(ErrorKind::checkpoint, "can't resume '" + arguments.output + "' (it is a " +
                                           to_string(reader.kind()) +
                                           " file, not a run); choose another file with -o");
  }
  require_same_training(config, reader);
  note("'" + arguments.output + "' is complete already; nothing to resume");
  report(arguments, reader.summary(), arguments.output);
  return true;
}

Trainer make_trainer(const TrainArguments& arguments, const Config& config, const Dataset& dataset,
                     TrainOptions options) {
  const std::string checkpoint = checkpoint_path(arguments.output);
  const auto begin = [&]() -> Trainer {
    if (arguments.from.empty()) return {config, dataset, std::move(options)};
    return {config, dataset, std::move(options),
            continue_network(config, RunReader(arguments.from), dataset)};
  };
  const bool has_checkpoint = fs::exists(checkpoint);
  if (has_checkpoint && arguments.resume) {
    const RunReader reader(checkpoint);
    if (reader.kind() != FileKind::checkpoint) {
      throw Error(ErrorKind::checkpoint, "'" + checkpoint + "' is no checkpoint (it is a " +
                                             to_string(reader.kind()) +
                                             " file); remove it, or choose another file with -o");
    }
    if (options.provenance.bank.empty()) options.provenance.bank = reader.provenance().bank;
    Trainer trainer(config, dataset, std::move(options), reader);
    note(fmt::format("resuming after {} images", trainer.state().total.images));
    return trainer;
  }
  const bool has_recording = set_recording_aside(arguments.output, has_checkpoint);
  if (has_checkpoint) {
    fs::rename(checkpoint, checkpoint + ".bak");
    const std::string kept =
        has_recording ? fmt::format("' and '{}.bak", recording_path(arguments.output)) : "";
    note(fmt::format("starting anew; an earlier run that --resume would have continued is kept as '{}.bak{}'",
                     checkpoint, kept));
  }
  return begin();
}

/// A full memory without replacement learns nothing of a class that has no row.
void note_classes_without_rows(const MemoryNetwork& memory, const ImageSet& train) {
  std::set<int> missing;
  for (const std::uint8_t label : train.labels()) {
    if (memory.memories().front().rows().count(label) == 0) missing.insert(label);
  }
  if (missing.empty()) return;
  note(
      fmt::format("the memory has no row of class {} (it was full, or no such image was shown yet); raise "
                  "memory.max_neurons, or set memory.replacement = \"balanced\"",
                  fmt::join(missing, ", ")));
}

}  // namespace

int run(const TrainArguments& arguments) {
  Config config = read_arguments(arguments);
  prepare_output(arguments.output, arguments.config);
  if (!arguments.from.empty()) prepare_output(arguments.output, arguments.from);
  if (arguments.bank.empty() && report_if_complete(arguments, config)) return exit_code::kDone;
  const ThreadLimit limit(arguments.run.threads);
  const Dataset dataset = load_dataset(config.dataset);
  check_against_data(config, dataset.train.shape());
  std::optional<GivenBank> given;
  if (!arguments.bank.empty()) {
    given = read_bank(arguments.bank, config, dataset);
    if (report_if_complete(arguments, config)) return exit_code::kDone;
    for (const std::string& text : given->notes) note(text);
  }
  interrupt::install();
  TrainOptions options{.output = arguments.output,
                       .checkpoint_every = arguments.checkpoint_every,
                       .max_seconds = arguments.max_seconds,
                       .verbosity = arguments.run.verbosity(),
                       .provenance = make_provenance(config, arguments.command_line, limit.threads())};
  if (given) {
    options.bank.emplace(std::move(given->fields));
    options.provenance.bank = given->origin;
  }
  Trainer trainer = make_trainer(arguments, config, dataset, std::move(options));
  if (config.model == ModelKind::spiking && config.spiking.engine == EngineKind::automatic &&
      trainer.network().engine() == "reference") {
    note("using the reference engine, which is slow: the fast one needs " + fast_engine_needs());
  }
  const TrainEnd end = trainer.train();
  const std::string checkpoint = checkpoint_path(arguments.output);
  if (end == TrainEnd::out_of_time) {
    note("time is up; continue from '" + checkpoint + "' with the same command and --resume");
    nlohmann::json so_far = trainer.result();
    so_far["output"] = checkpoint;
    report(arguments, so_far, checkpoint);
    return exit_code::kDone;
  }
  const auto result = end == TrainEnd::complete ? trainer.finish() : std::nullopt;
  if (!result) {
    note("stopped after " + std::to_string(trainer.state().total.images) + " images; continue from '" +
         checkpoint + "' with the same command and --resume");
    return 128 + interrupt::requested();
  }
  if (const MemoryNetwork* memory = trainer.network().memory()) {
    note_classes_without_rows(*memory, dataset.train);
  }
  report(arguments, *result, arguments.output);
  return exit_code::kDone;
}

}  // namespace shallows
