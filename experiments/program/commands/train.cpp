#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "experiments/data/dataset.hpp"
#include "experiments/data/sha256.hpp"
#include "experiments/program/commands/commands.hpp"
#include "experiments/program/console.hpp"
#include "experiments/program/options.hpp"
#include "experiments/program/output_name.hpp"
#include "experiments/program/thread_limit.hpp"
#include "experiments/run/evaluation/result.hpp"
#include "experiments/run/interrupt.hpp"
#include "experiments/run/network/bank.hpp"
#include "experiments/run/stored/data_record.hpp"
#include "experiments/run/stored/finished_file.hpp"
#include "experiments/run/stored/provenance.hpp"
#include "experiments/run/training/finished_run.hpp"
#include "experiments/run/training/trainer.hpp"
#include "output/file/output_claim.hpp"

namespace shallows {
namespace {

struct TrainArguments {
  std::string command_line;  ///< as typed, for the file
  std::string config;
  std::string output;  ///< empty: see default_output()
  std::optional<std::uint64_t> seed;
  std::string from;  ///< run file whose network goes on; empty: a new one
  bool resume = false;
  bool force = false;
  bool allow_seen_images = false;
  double max_seconds = 0.0;  ///< 0: no limit
  std::uint64_t checkpoint_every = 10000;
  std::string bank;  ///< file to take the bank from; empty: it is made
  RunOptions run;
};

void add_options(CLI::App& command, TrainArguments& arguments) {
  add_configuration(command, arguments.config)->required();
  command
      .add_option("-o,--output", arguments.output,
                  "Run file to write (default: runs/NAME-KEY=VALUE-...-seedN.h5, from the configuration's "
                  "name, what was set and the seed)")
      ->type_name("RUN.h5");
  command.add_option("--seed", arguments.seed, "Override the configuration's seed")
      ->check(whole_number_from(0));
  command
      .add_option("--from", arguments.from,
                  "Go on with the trained network of this run file: other images, new classes of a memory")
      ->type_name("RUN.h5");
  command.add_flag("--resume", arguments.resume,
                   "Continue an interrupted run; may be given on the first run too");
  add_force(command, arguments.force);
  add_allow_seen(command, arguments.allow_seen_images);
  command
      .add_option("--max-time", arguments.max_seconds,
                  "Stop after so many seconds of training, with a checkpoint")
      ->type_name("S")
      ->check(positive_number());
  command
      .add_option("--checkpoint-every", arguments.checkpoint_every,
                  "Images between checkpoints (default: 10000)")
      ->type_name("N")
      ->check(whole_number_from(1));
  command
      .add_option("--bank", arguments.bank,
                  "Take the receptive fields from this bank or run file (default: make them)")
      ->type_name("BANK.h5");
  add_run_options(command, arguments.run);
}

namespace fs = std::filesystem;

Config read_arguments(const TrainArguments& arguments) {
  std::vector<std::string> overrides = arguments.run.overrides;
  if (arguments.seed) overrides.push_back("seed=" + std::to_string(*arguments.seed));
  Config config = read_configuration(arguments.config, overrides);
  apply_record(arguments.run.record, config);
  return config;
}

void report(const TrainArguments& arguments, const Config& config, const nlohmann::json& result,
            const std::string& file) {
  const std::string lost = lost_classes_warning(result, config);
  if (!lost.empty()) note("warning: " + lost);
  if (arguments.run.json) {
    print(result);
  } else {
    print(render_result(result) + "  file        " + file + "\n");
  }
}

/// Whether the run is complete already, so that there is nothing to do but say so.
bool report_if_complete(const TrainArguments& arguments, const Config& config, const Dataset& dataset,
                        const Provenance& provenance) {
  if (arguments.resume && !arguments.force) {
    if (!finished_run(config, dataset, arguments.output)) return false;
  } else {
    remove_checkpoint_of_complete_run(arguments.output);
    const Replace replace = arguments.force ? Replace::yes : Replace::no;
    const Existing found =
        look_at_existing(arguments.output, FileKind::run, config, dataset, provenance, replace);
    if (!found.backup.empty()) note_backup(arguments.output, found.backup);
    if (!found.is_the_same) return false;
  }
  note("'" + arguments.output +
       "' is complete already, with these settings and images; --force trains it anew");
  report(arguments, config, RunReader(arguments.output).summary(), arguments.output);
  return true;
}

/// What a network learned from before this run, for the run's file. A checkpoint knows it, too.
struct Start {
  std::vector<LearnedImages> earlier = {};
  std::string from = {};
};

/// The network goes on with the mean that it has learned with.
Start start_of(const std::string& from, Dataset& dataset) {
  const RunReader reader(from);
  const DataRecord record = read_data(reader);
  if (record.mean.size() == dataset.train.mean().size()) dataset.use_means(record.mean, record.test_mean);
  return {.earlier = record.learned(), .from = fmt::format("{} (SHA-256 {})", from, sha256_of_file(from))};
}

/// Images that were learned from must not judge: not those of an earlier run, nor those of the same files.
void refuse_seen_images(const TrainArguments& arguments, const Start& start,
                        const std::vector<LearnedImages>& of_bank, const Dataset& dataset) {
  const SeenImages seen = arguments.allow_seen_images ? SeenImages::allowed : SeenImages::refused;
  const auto look = [&](const std::string& who, const std::string& leak) {
    if (const std::string text = refuse_leak(who, leak, seen); !text.empty()) note("warning: " + text);
  };
  look("'" + arguments.from + "'", leak_into_validation(start.earlier, dataset));
  look("'" + arguments.from + "'", leak_into_test(start.earlier, dataset));
  look("the bank of '" + arguments.bank + "'", leak_into_validation(of_bank, dataset));
  look("the bank of '" + arguments.bank + "'", leak_into_test(of_bank, dataset));
  look("this run", leak_into_test({dataset.identity.learned}, dataset));
}

Trainer make_trainer(const TrainArguments& arguments, const Config& config, Dataset& dataset,
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
    if (options.provenance.from.empty()) options.provenance.from = reader.provenance().from;
    require_same_images(reader, dataset);
    DataRecord record = read_data(reader);
    dataset.use_means(record.mean, record.test_mean);
    options.earlier = std::move(record.earlier);
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

int run(const TrainArguments& given_arguments) {
  TrainArguments arguments = given_arguments;
  Config config = read_arguments(arguments);
  if (arguments.output.empty()) arguments.output = default_output(config, arguments.run.overrides);
  prepare_output(arguments.output, arguments.config);
  if (!arguments.from.empty()) prepare_output(arguments.output, arguments.from);
  const OutputClaim claim(arguments.output);
  const ThreadLimit limit(arguments.run.threads);
  Dataset dataset = load_dataset(config.dataset);
  check_against_data(config, dataset.train.shape());
  std::optional<GivenBank> bank;
  if (!arguments.bank.empty()) bank = read_bank(arguments.bank, config, dataset);
  const Start start = arguments.from.empty() ? Start{} : start_of(arguments.from, dataset);
  TrainOptions options{.output = arguments.output,
                       .checkpoint_every = arguments.checkpoint_every,
                       .max_seconds = arguments.max_seconds,
                       .verbosity = arguments.run.verbosity(),
                       .provenance = make_provenance(config, arguments.command_line, limit.threads()),
                       .earlier = start.earlier};
  options.provenance.from = start.from;
  if (bank) {
    options.bank.emplace(std::move(bank->fields));
    options.provenance.bank = bank->origin;
    for (const LearnedImages& images : bank->fitted_on) {
      if (images != dataset.identity.learned) options.earlier.push_back(images);
    }
  }
  refuse_seen_images(arguments, start, bank ? bank->fitted_on : std::vector<LearnedImages>{}, dataset);
  if (report_if_complete(arguments, config, dataset, options.provenance)) return exit_code::kDone;
  if (bank) {
    for (const std::string& text : bank->notes) note(text);
  }
  interrupt::install();
  Trainer trainer = make_trainer(arguments, config, dataset, std::move(options));
  if (config.spiking() != nullptr && config.spiking()->engine == EngineKind::automatic &&
      trainer.network().engine() == "reference") {
    note("using the reference engine, which is slow: the fast one needs " + fast_engine_needs());
  }
  const TrainEnd end = trainer.train();
  const std::string checkpoint = checkpoint_path(arguments.output);
  if (end == TrainEnd::out_of_time) {
    note("time is up; continue from '" + checkpoint + "' with the same command and --resume");
    nlohmann::json so_far = trainer.result();
    so_far["output"] = checkpoint;
    report(arguments, config, so_far, checkpoint);
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
  report(arguments, config, *result, arguments.output);
  return exit_code::kDone;
}

}  // namespace

Command train_command() {
  return {"train", "Train a network, test it, and write everything to one HDF5 file",
          add<TrainArguments, add_options, run>};
}

}  // namespace shallows
