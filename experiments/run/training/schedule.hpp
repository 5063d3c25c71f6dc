// Which training image is shown when, and with what learning rate: functions of the presentation's number
// alone, so a resumed run needs no other memory of the past.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "experiments/config/config.hpp"

namespace shallows {

class Schedule {
 public:
  Schedule(const TrainingConfig& training, std::size_t images, std::uint64_t seed);

  /// Number of presentations: epochs * images, rounded; at least 1 unless epochs is 0, the untrained network.
  std::uint64_t presentations() const { return presentations_; }
  /// Image of presentation k.
  std::size_t image(std::uint64_t k);
  /// rate * decay^(-k / presentations): falls by the factor `decay` over the whole training.
  double learning_rate(std::uint64_t k) const;

 private:
  TrainingConfig training_;
  std::size_t images_;
  std::uint64_t seed_;
  std::uint64_t presentations_;
  std::uint64_t shuffled_epoch_;  // the epoch whose order is in order_
  std::vector<std::uint32_t> order_;
};

}  // namespace shallows
