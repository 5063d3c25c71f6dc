#include "experiments/run/training/finished_run.hpp"

#include <filesystem>
#include <utility>

#include "experiments/run/interrupt.hpp"

namespace shallows {

std::optional<RunReader> open_finished_run(const std::string& output) {
  remove_checkpoint_of_complete_run(output);
  if (std::filesystem::exists(checkpoint_path(output)) || !std::filesystem::exists(output)) return {};
  RunReader reader(output);
  if (reader.kind() != FileKind::run) {
    throw Error(ErrorKind::checkpoint, "can't resume '" + output + "' (it is a " + to_string(reader.kind()) +
                                           " file, not a run); choose another file with -o");
  }
  return reader;
}

std::optional<nlohmann::json> finished_run(const Config& config, const Dataset& dataset,
                                           const std::string& output) {
  const auto reader = open_finished_run(output);
  if (!reader) return {};
  require_same_training(config, *reader);
  require_same_images(*reader, dataset);
  return reader->summary();
}

std::optional<nlohmann::json> complete_run(const Config& config, const Dataset& dataset,
                                           TrainOptions options) {
  const std::string checkpoint = checkpoint_path(options.output);
  const auto begin = [&]() -> Trainer {
    if (!std::filesystem::exists(checkpoint)) return {config, dataset, std::move(options)};
    const RunReader reader(checkpoint);
    return {config, dataset, std::move(options), reader};
  };
  try {
    Trainer trainer = begin();
    if (trainer.train() != TrainEnd::complete) return {};
    return trainer.finish();
  } catch (const interrupt::Stopped&) {
    return {};  // while the bank was learned: there is no checkpoint yet, but runs before this one stay
  }
}

}  // namespace shallows
