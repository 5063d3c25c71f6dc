// A stretch of a presentation whose factors exp(t / tau) are computed at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/core/spike_train.hpp"

namespace shallows {

/// The arrivals of one frame. Those of one instant share its factors. The vectors are kept from frame to
/// frame and may be longer than it.
template <class Real>
struct ReadoutFrame {
  std::size_t first = 0;  // the frame's arrivals in the train: [first, last)
  std::size_t last = 0;
  std::vector<std::uint8_t> ends;  // per arrival: 1 if it is the last one of its instant
  std::vector<double> elapsed;     // per instant: t since the frame's start
  std::vector<double> factor;
  std::vector<Real> scale;        // per instant: exp(t / tau)
  std::vector<Real> trace_decay;  // per instant: exp(-t / tau_tr)
};

/// The arrivals from `first` on that are not later than `length` after `origin`, and their factors.
template <class Real>
void fill_frame(std::span<const TimeMs> times, std::size_t first, TimeMs origin, TimeMs length, double tau_ms,
                double trace_tau_ms, ReadoutFrame<Real>& frame);

}  // namespace shallows
