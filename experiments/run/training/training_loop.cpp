#include "experiments/run/training/training_loop.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace shallows {
namespace {

/// A rate readout without an active unit for so many images gets no error and will never learn again.
constexpr std::uint64_t kDeadLimit = 200;

}  // namespace

TrainingLoop::TrainingLoop(const Config& config, const ImageSet& images)
    : images_(images), schedule_(config.training, images.size(), config.seed) {}

std::span<const Presentation> TrainingLoop::show(std::uint64_t first, std::uint64_t last) {
  shown_.clear();
  for (std::uint64_t k = first; k < last; ++k) {
    const std::size_t i = schedule_.image(k);
    shown_.push_back({images_.image(i), images_.label(i), schedule_.learning_rate(k)});
  }
  return shown_;
}

LearningReport TrainingLoop::teach(Network& network, std::uint64_t first, std::uint64_t last,
                                   Measure measure) {
  show(first, last);
  activities_.resize(std::max(activities_.size(), shown_.size()));
  predicted_.resize(shown_.size());
  const LearningReport report =
      network.learn(shown_, std::span(activities_).first(shown_.size()), predicted_, measure);
  const bool active = report.silent < shown_.size();
  silent_ = active ? report.silent : silent_ + report.silent;
  return report;
}

std::string TrainingLoop::failure(const Network& network, const LearningReport& report) const {
  if (!network.is_spiking() && silent_ >= kDeadLimit)
    return fmt::format("the readout is dead (no unit was active for {} images)", silent_);
  if (report.diverged) return fmt::format("the network diverged (an output is {:.3g})", *report.diverged);
  return {};
}

void teach_all(Network& network, const Config& config, const ImageSet& images) {
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

std::uint64_t whole_batches(const Network& network, std::uint64_t images) {
  const std::uint64_t batch =
      network.memory() != nullptr ? network.memory()->params().batch : network.granularity();
  return (images + batch - 1) / batch * batch;
}

}  // namespace shallows
