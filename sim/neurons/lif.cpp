#include "sim/neurons/lif.hpp"

#include <cassert>
#include <cmath>
#include <limits>

namespace shallows {

Fields<LifParams> LifParams::fields() {
  return {
      field("tau_ms", &LifParams::tau_ms, "ms", "membrane time constant", positive(kLongestTime)),
      field("reset_mV", &LifParams::reset_mV, "mV", "voltage after a spike; below the threshold", voltage()),
      field("refractory_ms", &LifParams::refractory_ms, "ms",
            "time after a spike in which arrivals are lost, but for the last 1e-9 ms of it",
            non_negative(kLongestTime))};
}

namespace lif {

double decay(double v_mV, double drive_mV, double elapsed_ms, double tau_ms) {
  return drive_mV + (v_mV - drive_mV) * std::exp(-elapsed_ms / tau_ms);
}

TimeMs time_to_threshold(double v_mV, double drive_mV, double threshold_mV, double tau_ms) {
  if (v_mV >= threshold_mV) return 0.0;
  if (drive_mV <= threshold_mV) return std::numeric_limits<TimeMs>::infinity();
  // ln((I - v) / (I - theta)), written so that it stays accurate when v is close to theta.
  return tau_ms * std::log1p((threshold_mV - v_mV) / (drive_mV - threshold_mV));
}

TimeMs period(const LifParams& params, double drive_mV, double threshold_mV) {
  return params.refractory_ms + time_to_threshold(params.reset_mV, drive_mV, threshold_mV, params.tau_ms);
}

void periodic_train(const LifParams& params, double drive_mV, double threshold_mV, TimeMs duration,
                    LifState& state, std::vector<TimeMs>& times) {
  assert(params.reset_mV < threshold_mV);
  TimeMs start = 0.0;  // the neuron integrates from `start` on, where its voltage is `v`
  double v = state.v_mV;
  if (state.refractory_left_ms > 0.0) {
    if (state.refractory_left_ms >= duration) {
      state.refractory_left_ms -= duration;
      return;
    }
    start = state.refractory_left_ms;
    v = params.reset_mV;
  }
  const TimeMs first = start + time_to_threshold(v, drive_mV, threshold_mV, params.tau_ms);
  if (first >= duration) {
    state = {.v_mV = decay(v, drive_mV, duration - start, params.tau_ms), .refractory_left_ms = 0.0};
    return;
  }
  const TimeMs interval = period(params, drive_mV, threshold_mV);
  times.push_back(first);  // apart from the rest: the interval may be infinite
  TimeMs last = first;
  // Multiples of the interval, not a running sum: the error does not grow with the number of spikes.
  for (std::size_t k = 1;; ++k) {
    const TimeMs time = first + static_cast<double>(k) * interval;
    if (time >= duration) break;
    times.push_back(time);
    last = time;
  }
  const TimeMs free_at = last + params.refractory_ms;
  state = free_at > duration
              ? LifState{.v_mV = params.reset_mV, .refractory_left_ms = free_at - duration}
              : LifState{.v_mV = decay(params.reset_mV, drive_mV, duration - free_at, params.tau_ms)};
}

}  // namespace lif
}  // namespace shallows
