#include "sim/core/delay_line.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

// Only the baseline and the wide instruction sets are worth a copy.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/core/delay_line.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace shallows::HWY_NAMESPACE {

/// out[i] = times[i] + delay; tells whether rounding has made two different times equal. A plain loop that
/// the compiler turns into vector instructions.
bool add_delay(const double* times, std::size_t size, double delay, double* out) {
  std::size_t merged = 0;
  if (size > 0) out[0] = times[0] + delay;
#pragma GCC ivdep  // out is apart from times
  for (std::size_t i = 1; i < size; ++i) {
    const double time = times[i] + delay;
    out[i] = time;
    merged += static_cast<std::size_t>((time == times[i - 1] + delay) & (times[i] != times[i - 1]));
  }
  return merged != 0;
}

}  // namespace shallows::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shallows {
namespace {

HWY_EXPORT(add_delay);

/// Insertion sort of spikes that are nearly in order.
void sort(std::span<TimeMs> times, std::span<NeuronId> sources) {
  for (std::size_t i = 1; i < times.size(); ++i) {
    for (std::size_t k = i; k > 0 && Spike{times[k], sources[k]} < Spike{times[k - 1], sources[k - 1]}; --k) {
      std::swap(times[k], times[k - 1]);
      std::swap(sources[k], sources[k - 1]);
    }
  }
}

}  // namespace

void DelayLine::advance(const SpikeTrain& emitted, TimeMs duration, SpikeTrain& arrivals) {
  const auto old_times = pending_.times();
  const std::size_t waiting = old_times.size();
  const auto arrives_now = static_cast<std::size_t>(
      std::lower_bound(old_times.begin(), old_times.end(), duration) - old_times.begin());
  const auto new_times = emitted.times();
  const auto passes = [&](TimeMs time) { return time + delay_ms_ < duration; };
  const auto pass = static_cast<std::size_t>(
      std::partition_point(new_times.begin(), new_times.end(), passes) - new_times.begin());
  arrivals.assign_sorted(arrives_now + pass, [&](std::span<TimeMs> times, std::span<NeuronId> sources) {
    std::copy_n(old_times.begin(), arrives_now, times.begin());
    std::copy_n(pending_.sources().begin(), arrives_now, sources.begin());
    const auto now = static_cast<std::ptrdiff_t>(arrives_now);
    std::copy_n(emitted.sources().begin(), pass, sources.begin() + now);
    const bool merged =
        HWY_DYNAMIC_DISPATCH(add_delay)(new_times.data(), pass, delay_ms_, times.data() + arrives_now);
    // Under one delay the waiting spikes arrive before the new ones, and all in their order; only rounding
    // can make two of them simultaneous or swap them at the seam.
    const bool apart = arrives_now == 0 || pass == 0 || times[arrives_now - 1] < times[arrives_now];
    if (merged || !apart) sort(times, sources);
  });
  std::vector<Spike> later;
  for (std::size_t i = arrives_now; i < waiting; ++i)
    later.push_back({old_times[i] - duration, pending_.sources()[i]});
  for (std::size_t i = pass; i < emitted.size(); ++i) {
    later.push_back({(new_times[i] + delay_ms_) - duration, emitted.sources()[i]});
  }
  pending_ = SpikeTrain::from_unsorted(std::move(later));
}

}  // namespace shallows
#endif  // HWY_ONCE
