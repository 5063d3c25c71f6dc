#include "experiments/run/network/stored_network.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <utility>
#include <vector>

#include "experiments/run/stored/memory_file.hpp"
#include "sim/core/error.hpp"

namespace shallows {
namespace {

std::vector<NamedArray> network_arrays(const RunReader& reader) {
  std::vector<NamedArray> arrays;
  for (const char* group : {"receptive_fields", "projections", "thresholds", "weights", "biases", "feedback",
                            "optimiser", "thresholding", "offsets", "state", "network"}) {
    for (NamedArray& array : reader.read_arrays(group)) arrays.push_back(std::move(array));
  }
  return arrays;
}

}  // namespace

void require_same_training(const Config& config, const RunReader& reader) {
  const Config stored = parse_config(reader.provenance().config, reader.path(), {});
  const std::vector<std::string> differences = training_differences(stored, config);
  if (differences.empty()) return;
  throw Error(
      ErrorKind::checkpoint,
      fmt::format("'{}' belongs to another configuration (it differs in:\n  {}\n); use the same settings, "
                  "choose another file with -o, or train without --resume to start anew",
                  reader.path(), fmt::join(differences, "\n  ")));
}

Network restore_network(const Config& config, const RunReader& reader, Restore restore) {
  if (reader.kind() == FileKind::bank) {
    throw Error(ErrorKind::data,
                "'" + reader.path() +
                    "' holds no network (it is a bank file); train one with --bank, or give a run file");
  }
  Network network = Network::restore(config, network_arrays(reader), 0, restore);
  if (network.memory() != nullptr) read_memory(reader, *network.memory());
  return network;
}

Network continue_network(const Config& config, const RunReader& reader, const Dataset& dataset) {
  const Config stored = parse_config(reader.provenance().config, reader.path(), {});
  for (const std::string& difference : training_differences(stored, config)) {
    const auto starts = [&](const char* prefix) { return difference.starts_with(prefix); };
    const bool of_the_training = starts("dataset.") || starts("training.") || starts("seed:") ||
                                 starts("memory.max_neurons") || starts("memory.batch") ||
                                 starts("memory.gate") || starts("memory.threshold") ||
                                 starts("memory.replacement");
    if (of_the_training) continue;
    throw Error(ErrorKind::checkpoint,
                fmt::format("can't go on from '{}' ({} would make another network of it); use the same "
                            "settings but for dataset.*, training.*, seed and the size and rules of a memory",
                            reader.path(), difference));
  }
  Network network = Network::restore(config, network_arrays(reader), dataset.classes);
  if (network.memory() != nullptr) read_memory(reader, *network.memory());
  if (network.shape() != dataset.train.shape() || network.classes() < dataset.classes) {
    throw Error(ErrorKind::checkpoint,
                fmt::format("can't go on from '{}' (it was trained on images of another shape, or on fewer "
                            "classes than this data set has); use images of its shape",
                            reader.path()));
  }
  return network;
}

}  // namespace shallows
