#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "experiments/dataset.hpp"
#include "experiments/program/commands.hpp"
#include "experiments/program/console.hpp"
#include "experiments/program/thread_limit.hpp"
#include "experiments/run/evaluation.hpp"
#include "experiments/run/interrupt.hpp"
#include "experiments/run/provenance.hpp"
#include "experiments/run/result.hpp"
#include "experiments/run/stored_network.hpp"

namespace shallows {
namespace {

/// The run's configuration with the overrides, of which only those are allowed that leave the network as it
/// is.
Config read_arguments(const TestArguments& arguments, const RunReader& reader) {
  const std::string stored = reader.provenance().config;
  Config config = parse_config(stored, arguments.run_file, arguments.run.overrides);
  for (const std::string& difference :
       training_differences(parse_config(stored, arguments.run_file, {}), config)) {
    if (difference.starts_with("dataset.")) continue;
    throw Error(
        ErrorKind::configuration,
        "--set " + difference +
            " would change the trained network (only dataset.*, test.*, record.*, hidden.per_set_scale, "
            "the vote of a memory and the test keys of protocol.* can be set here); train another one");
  }
  apply_record(arguments.run.record, config);
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

}  // namespace

int run(const TestArguments& arguments) {
  const RunReader reader(arguments.run_file);
  const Config config = read_arguments(arguments, reader);
  if (!arguments.output.empty()) prepare_output(arguments.output, arguments.run_file);
  const ThreadLimit limit(arguments.run.threads);
  const Dataset dataset = load_dataset(config.dataset);
  const Network network = restore_network(config, reader);
  if (dataset.train.shape() != network.shape() || dataset.classes > network.classes()) {
    throw Error(ErrorKind::data,
                "'" + arguments.run_file +
                    "' was trained on other images (their shape or number of classes differs from "
                    "this data set's); use the data set that it was trained on");
  }
  const ImageSet& set = chosen_split(arguments, dataset);
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
  nlohmann::json result = describe_run(config, network, dataset.name);
  const nlohmann::json trained = reader.summary();
  for (const char* key : {"images_trained", "train_seconds", "ms_per_image", "spikes_per_image",
                          "synaptic_events", "synaptic_events_per_second"}) {
    if (trained.contains(key)) result[key] = trained.at(key);
  }
  add_evaluation(result, arguments.split, evaluation.tally, network);
  result["split"] = arguments.split;
  result["run"] = arguments.run_file;
  result["version"] = program_version();
  result["threads"] = limit.threads();
  result["output"] = arguments.output.empty() ? nlohmann::json(nullptr) : nlohmann::json(arguments.output);
  if (writer) {
    recorder->finish();
    writer->write_provenance(make_provenance(config, arguments.command_line, limit.threads()));
    writer->write_summary(result);
    writer->write_array("evaluation/" + arguments.split + "_confusion", evaluation.confusion,
                        {network.classes(), network.classes()});
    writer->commit();
  }
  if (arguments.run.json) {
    print(result);
  } else {
    print(render_result(result) + (writer ? "  file        " + arguments.output + "\n" : ""));
  }
  return exit_code::kDone;
}

}  // namespace shallows
