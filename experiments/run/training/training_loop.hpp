// Present, learn, count: what every training does, whatever it stores.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "encoders/image.hpp"
#include "experiments/config/config.hpp"
#include "experiments/run/network/network.hpp"
#include "experiments/run/training/schedule.hpp"

namespace shallows {

class TrainingLoop {
 public:
  /// The images must outlive it.
  TrainingLoop(const Config& config, const ImageSet& images);

  /// Number of presentations.
  std::uint64_t size() const { return schedule_.presentations(); }
  Schedule& schedule() { return schedule_; }
  const Schedule& schedule() const { return schedule_; }

  /// Presentations [first, last), until the next call.
  std::span<const Presentation> show(std::uint64_t first, std::uint64_t last);
  /// Shows them to the network, which learns from each.
  [[nodiscard]] LearningReport teach(Network& network, std::uint64_t first, std::uint64_t last,
                                     Measure measure = Measure::nothing);
  /// What was shown last, what happened, and what the network would have said to each.
  std::span<const Presentation> shown() const { return shown_; }
  std::span<const Activity> activities() const { return std::span(activities_).first(shown_.size()); }
  std::span<const std::uint8_t> predicted() const { return predicted_; }

  /// Images since any unit of a rate readout was active.
  std::uint64_t silent() const { return silent_; }
  /// Why it is of no use to go on after teach() has reported this: the network has diverged, or its readout
  /// is dead. Empty if it is of use.
  [[nodiscard]] std::string failure(const Network& network, const LearningReport& report) const;

 private:
  const ImageSet& images_;
  Schedule schedule_;
  std::vector<Presentation> shown_;
  std::vector<Activity> activities_;
  std::vector<std::uint8_t> predicted_;
  std::uint64_t silent_ = 0;
};

/// Shows the images as config.training says, config.seed giving their order, without a file. Throws Error
/// (network) if the network diverges or its readout dies.
void teach_all(Network& network, const Config& config, const ImageSet& images);

/// The least number of images, not below `images`, after which a training of the network may be cut.
std::uint64_t whole_batches(const Network& network, std::uint64_t images);

}  // namespace shallows
