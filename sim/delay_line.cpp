#include "sim/delay_line.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace shallows {

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
    for (std::size_t i = 0; i < pass; ++i) times[arrives_now + i] = new_times[i] + delay_ms_;
    std::copy_n(emitted.sources().begin(), pass, sources.begin() + static_cast<std::ptrdiff_t>(arrives_now));
    // Under one delay the waiting spikes arrive before the new ones, and all in their order; only rounding
    // can make two of them simultaneous or swap them at the seam.
    const auto swapped = [&](std::size_t i) {
      return (times[i] < times[i - 1]) | ((times[i] == times[i - 1]) & (sources[i] < sources[i - 1]));
    };
    unsigned any = 0;
    for (std::size_t i = 1; i < times.size(); ++i) any |= static_cast<unsigned>(swapped(i));
    if (any == 0) return;
    for (std::size_t i = 1; i < times.size(); ++i) {
      for (std::size_t k = i; k > 0 && swapped(k); --k) {
        std::swap(times[k], times[k - 1]);
        std::swap(sources[k], sources[k - 1]);
      }
    }
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
