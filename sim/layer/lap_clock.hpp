// Where the time of the fast layer goes, for benchmarks.
#pragma once

#include <chrono>

namespace shallows {

/// Where a layer's time goes, for benchmarks on one thread [s].
struct LayerTimes {
  double filtering = 0.0;  ///< which arrivals concern which block
  double walking = 0.0;    ///< the inner loop
  double ordering = 0.0;   ///< the blocks' spikes into one train
};

/// Adds the time between laps to what each lap is told; does nothing if there is nothing to add to.
class LapClock {
 public:
  using Clock = std::chrono::steady_clock;
  explicit LapClock(LayerTimes* times) : times_(times) { skip(); }
  /// What follows counts from now on.
  void skip() {
    if (times_ != nullptr) last_ = Clock::now();
  }
  void lap(double LayerTimes::*stage) {
    if (times_ == nullptr) return;
    const Clock::time_point now = Clock::now();
    times_->*stage += std::chrono::duration<double>(now - last_).count();
    last_ = now;
  }

 private:
  LayerTimes* times_;
  Clock::time_point last_;
};

}  // namespace shallows
