// Turns the spikes that a population emits into the arrivals at its targets, one fixed delay later.
#pragma once

#include <utility>

#include "sim/core/spike_train.hpp"
#include "sim/core/types.hpp"

namespace shallows {

/// Spikes on their way. Times are relative to the start of the next interval, so a presentation never sees a
/// large clock value.
class DelayLine {
 public:
  explicit DelayLine(TimeMs delay_ms) : delay_ms_(delay_ms) {}
  DelayLine(TimeMs delay_ms, SpikeTrain pending) : delay_ms_(delay_ms), pending_(std::move(pending)) {}

  /// Takes the spikes emitted in [0, duration); `arrivals` becomes those that arrive in [0, duration), in
  /// (time, source) order. The others wait, with times relative to `duration`.
  void advance(const SpikeTrain& emitted, TimeMs duration, SpikeTrain& arrivals);

  const SpikeTrain& pending() const { return pending_; }

 private:
  TimeMs delay_ms_;
  SpikeTrain pending_;
};

}  // namespace shallows
