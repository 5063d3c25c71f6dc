#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "experiments/data/dataset.hpp"
#include "experiments/data/sha256.hpp"
#include "experiments/program/commands/commands.hpp"
#include "experiments/program/console.hpp"
#include "experiments/program/options.hpp"
#include "experiments/program/thread_limit.hpp"
#include "experiments/run/evaluation/evaluation.hpp"
#include "experiments/run/evaluation/result.hpp"
#include "experiments/run/interrupt.hpp"
#include "experiments/run/network/stored_network.hpp"
#include "experiments/run/stored/data_record.hpp"
#include "experiments/run/stored/finished_file.hpp"
#include "experiments/run/stored/provenance.hpp"
#include "output/file/output_claim.hpp"

namespace shallows {
namespace {

struct TestArguments {
  std::string command_line;
  std::string run_file;
  std::string output;  ///< empty: no file
  std::string split = "test";
  bool force = false;
  bool allow_seen_images = false;
  RunOptions run;
};

void add_options(CLI::App& command, TestArguments& arguments) {
  command.add_option("run", arguments.run_file, "Run file or checkpoint")->required()->type_name("RUN.h5");
  command.add_option("-o,--output", arguments.output, "File for trials, spikes and figures (default: none)")
      ->type_name("TEST.h5");
  command.add_option("--split", arguments.split, "Images to test on (default: test)")
      ->check(CLI::IsMember({"train", "validation", "test"}));
  add_force(command, arguments.force);
  add_allow_seen(command, arguments.allow_seen_images);
  add_run_options(command, arguments.run);
}

/// --record, of which nothing may be without effect. Trials without a phase are those of the split.
void apply_record(const TestArguments& arguments, Config& config) {
  const std::string& text = arguments.run.record;
  apply_record(text, config);
  if (text.empty() || text.starts_with("none")) return;
  if (arguments.output.empty()) {
    throw Error(ErrorKind::configuration,
                "--record " + text +
                    " would record nothing (there is no file for it); name one with "
                    "-o, or leave --record out");
  }
  const RecordPhase here = arguments.split == "train" ? RecordPhase::train : RecordPhase::test;
  RecordPhase& asked = config.record.phase;
  const bool says_phase = text.find("@train") != std::string::npos || text.find("@test") != std::string::npos;
  if (asked != RecordPhase::both && !says_phase) asked = here;
  if (asked != RecordPhase::both && asked != here) {
    throw Error(ErrorKind::configuration,
                "--record " + text + " would record nothing (no trial of that phase is among the " +
                    arguments.split + " images); leave the phase out, or choose other images with --split");
  }
}

bool hands_state_on(const Config& config) {
  return config.spiking() != nullptr && config.spiking()->protocol.test_carry_over;
}

/// The run's configuration with the overrides, of which only those are allowed that leave the network as it
/// is.
Config read_arguments(const TestArguments& arguments, const RunReader& reader) {
  const std::string stored = reader.provenance().config;
  Config config = parse_config(stored, arguments.run_file, arguments.run.overrides);
  for (const std::string& difference :
       training_differences(parse_config(stored, arguments.run_file, {}), config)) {
    if (difference.starts_with("dataset.")) continue;
    if (difference.starts_with("engine.")) {
      if (!hands_state_on(config)) continue;
      throw Error(ErrorKind::configuration,
                  "--set " + difference +
                      " does not go with protocol.test_carry_over = true (test presentations then go on from "
                      "the state that training left, which is that of its engine and precision); set it to "
                      "false, too");
    }
    throw Error(
        ErrorKind::configuration,
        "--set " + difference +
            " would change the trained network (only dataset.*, test.*, record.*, engine.*, "
            "hidden.per_set_scale, "
            "the vote of a memory and the test keys of protocol.* can be set here); train another one");
  }
  apply_record(arguments, config);
  return config;
}

const ImageSet& chosen_split(const TestArguments& arguments, const Dataset& dataset) {
  const ImageSet& set = arguments.split == "train"        ? dataset.train
                        : arguments.split == "validation" ? dataset.validation
                                                          : dataset.test;
  if (set.empty()) {
    throw Error(
        ErrorKind::configuration,
        "there are no " + arguments.split + " images (" +
            (arguments.split == "validation" ? "dataset.validation is 0" : "the data set has no such files") +
            "); choose another --split");
  }
  return set;
}

/// Whether the user has asked for other images than the run's own.
bool names_other_images(const TestArguments& arguments) {
  constexpr std::array kKeys = {"dataset.name",   "dataset.directory",   "dataset.images",
                                "dataset.labels", "dataset.test_images", "dataset.test_labels"};
  return std::any_of(arguments.run.overrides.begin(), arguments.run.overrides.end(),
                     [&](const std::string& text) {
                       return std::any_of(kKeys.begin(), kKeys.end(),
                                          [&](const char* key) { return text.starts_with(key); });
                     });
}

/// Throws Error (data) if the files have other images than at the training, and nobody has asked for others;
/// Error (configuration) if the network has learned from those that it is judged by.
void check_images(const TestArguments& arguments, const DataRecord& record, const Dataset& dataset) {
  const std::string difference =
      arguments.split == "test" ? test_difference(record, dataset) : train_difference(record, dataset);
  if (!difference.empty() && !names_other_images(arguments)) {
    throw Error(
        ErrorKind::data,
        fmt::format("'{}' was made with other images ({}); put the data back, or ask for these images "
                    "with --set dataset.directory=DIRECTORY",
                    arguments.run_file, difference));
  }
  const std::string leak = arguments.split == "test"         ? leak_into_test(record.learned(), dataset)
                           : arguments.split == "validation" ? leak_into_validation(record.learned(), dataset)
                                                             : std::string();
  const SeenImages seen = arguments.allow_seen_images ? SeenImages::allowed : SeenImages::refused;
  const std::string text = refuse_leak("'" + arguments.run_file + "'", leak, seen);
  if (!text.empty()) note("warning: " + text);
}

/// A test file is replaced by one of the same network and settings only.
void guard_output(const TestArguments& arguments, const Config& config, const std::string& run_sha256) {
  if (!std::filesystem::exists(arguments.output)) return;
  const auto is_the_same = [&] {
    try {
      const RunReader before(arguments.output);
      const nlohmann::json summary = before.summary();
      return before.kind() == FileKind::test && summary.value("run_sha256", "") == run_sha256 &&
             summary.value("split", "") == arguments.split &&
             run_differences(parse_config(before.provenance().config, arguments.output, {}), config).empty();
    } catch (const Error&) {
      return false;  // not a file of ours, or damaged
    }
  };
  if (arguments.force) {
    note_backup(arguments.output, keep_as_backup(arguments.output));
  } else if (!is_the_same()) {
    refuse_to_replace(arguments.output, "holds something else than this test");
  }
}

int run(const TestArguments& arguments) {
  const RunReader reader(arguments.run_file);
  const Config config = read_arguments(arguments, reader);
  if (!arguments.output.empty()) prepare_output(arguments.output, arguments.run_file);
  const ThreadLimit limit(arguments.run.threads);
  Dataset dataset = load_dataset(config.dataset);
  const Network network =
      restore_network(config, reader, hands_state_on(config) ? Restore::everything : Restore::for_test);
  if (dataset.train.shape() != network.shape() || dataset.classes > network.classes()) {
    throw Error(ErrorKind::data,
                "'" + arguments.run_file +
                    "' was trained on other images (their shape or number of classes differs from "
                    "this data set's); use the data set that it was trained on");
  }
  const ImageSet& set = chosen_split(arguments, dataset);
  const DataRecord record = read_data(reader);
  check_images(arguments, record, dataset);
  dataset.use_means(record.mean, record.test_mean);
  const std::string run_sha256 = sha256_of_file(arguments.run_file);
  std::optional<OutputClaim> claim;
  if (!arguments.output.empty()) {
    claim.emplace(arguments.output);
    guard_output(arguments, config, run_sha256);
  }
  interrupt::install();
  const RecordSelection selection(config.record, network.populations());
  std::optional<RunWriter> writer;
  std::optional<SpikeRecorder> recorder;
  if (!arguments.output.empty()) {
    writer.emplace(arguments.output, FileKind::test);
    recorder.emplace(writer->file(), selection.populations(), network.classes(),
                     static_cast<unsigned>(config.record.deflate));
  }
  const Phase phase = arguments.split == "train"        ? Phase::train
                      : arguments.split == "validation" ? Phase::validation
                                                        : Phase::test;
  const Evaluation evaluation = evaluate(
      network, config, set,
      {.phase = phase, .images = config.test_images, .start_ms = 0.0, .verbosity = arguments.run.verbosity()},
      selection, recorder ? &*recorder : nullptr);
  if (evaluation.interrupted) {
    note("stopped; nothing was written");
    return 128 + interrupt::requested();
  }
  nlohmann::json result = describe_run(config, network, dataset);
  const nlohmann::json trained = reader.summary();
  for (const char* key : {"images_trained", "training_seconds", "ms_per_image", "spikes_per_image",
                          "synaptic_events", "synaptic_events_per_second"}) {
    if (trained.contains(key)) result[key] = trained.at(key);
  }
  add_evaluation(result, arguments.split, evaluation, network);
  result["split"] = arguments.split;
  result["run"] = arguments.run_file;
  result["run_sha256"] = run_sha256;
  result["version"] = program_version();
  result["threads"] = limit.threads();
  result["output"] = arguments.output.empty() ? nlohmann::json(nullptr) : nlohmann::json(arguments.output);
  if (writer) {
    recorder->finish();
    writer->write_provenance(make_provenance(config, arguments.command_line, limit.threads()));
    DataRecord tested = record;
    tested.identity.test = dataset.identity.test;
    write_data(*writer, tested);
    writer->write_summary(result);
    writer->write_array("evaluation/" + arguments.split + "_confusion", evaluation.confusion,
                        {network.classes(), network.classes()});
    writer->commit();
  }
  const std::string lost = lost_classes_warning(result, config);
  if (!lost.empty()) note("warning: " + lost);
  if (arguments.run.json) {
    print(result);
  } else {
    const std::string trained_by = trained.value("engine", network.engine());
    const std::string engine = trained_by == network.engine() ? ""
                                                              : "  engine      " + network.engine() +
                                                                    ", trained by " + trained_by + "\n";
    print(render_result(result) + engine + (writer ? "  file        " + arguments.output + "\n" : ""));
  }
  return exit_code::kDone;
}

}  // namespace

Command test_command() {
  return {"test", "Test a trained network; nothing is learned", add<TestArguments, add_options, run>};
}

}  // namespace shallows
