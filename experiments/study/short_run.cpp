#include "experiments/study/short_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/run/bank.hpp"
#include "experiments/run/evaluation.hpp"
#include "experiments/run/training_loop.hpp"

namespace shallows {

void train_on(Network& network, const Config& config, const ImageSet& images) {
  TrainingLoop loop(config, images);
  const std::uint64_t chunk = whole_batches(network, 1000);
  for (std::uint64_t first = 0; first < loop.size(); first += chunk) {
    const LearningReport report = loop.teach(network, first, std::min(first + chunk, loop.size()));
    if (const std::string failure = loop.failure(network, report); !failure.empty()) {
      throw Error(
          ErrorKind::network,
          fmt::format("{} after {} images, with learning rate {:.3g}; lower training.learning_rate = "
                      "{}",
                      failure, first, loop.shown().front().learning_rate, config.training.learning_rate));
    }
  }
}

double accuracy_on(const Network& network, const Config& config, const ImageSet& images) {
  const EvaluationPlan plan{.images = config.test_images, .verbosity = Verbosity::quiet};
  return evaluate(network, config, images, plan, RecordSelection({}, {}), nullptr).tally.accuracy();
}

const std::optional<ReceptiveFields>& ShortRuns::bank(const Config& config) {
  Config settings;
  settings.network = config.network;
  settings.seed = config.seed;
  settings.dataset = config.dataset;
  settings.hidden = config.hidden;
  const std::string text = to_toml(settings, Comments::no);
  if (text != bank_settings_) {
    bank_ = make_bank(config, dataset_, Verbosity::quiet);
    bank_settings_ = text;
  }
  return bank_;
}

RunFigures ShortRuns::figures(const Config& config) {
  if (const auto known = finished_.find(config)) return *known;
  Network network = Network::make(config, dataset_.train.shape(), dataset_.classes, bank(config));
  train_on(network, config, dataset_.train);
  const RunFigures figures{.accuracy = accuracy_on(network, config, judged_),
                           .rows = static_cast<double>(network.hidden())};
  finished_.add(config, figures);
  return figures;
}

}  // namespace shallows
