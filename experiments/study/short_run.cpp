#include "experiments/study/short_run.hpp"

#include <algorithm>
#include <vector>

#include "experiments/run/bank.hpp"
#include "experiments/run/evaluation.hpp"
#include "experiments/run/schedule.hpp"

namespace shallows {

void train_on(Network& network, const Config& config, const ImageSet& images) {
  constexpr std::uint64_t kChunk = 1000;
  const std::uint64_t batch = network.memory() != nullptr ? network.memory()->params().batch : 1;
  const std::uint64_t chunk = (kChunk + batch - 1) / batch * batch;
  Schedule schedule(config.training, images.size(), config.seed);
  std::vector<Presentation> shown;
  for (std::uint64_t first = 0; first < schedule.presentations(); first += chunk) {
    shown.clear();
    for (std::uint64_t k = first; k < std::min(first + chunk, schedule.presentations()); ++k) {
      const std::size_t i = schedule.image(k);
      shown.push_back({images.image(i), images.label(i), schedule.learning_rate(k)});
    }
    std::vector<Activity> activities(shown.size());
    std::vector<std::uint8_t> predicted(shown.size());
    network.learn(shown, activities, predicted);
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
