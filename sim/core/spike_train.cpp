#include "sim/core/spike_train.hpp"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <numeric>

namespace shallows {

SpikeTrain SpikeTrain::from_unsorted(std::vector<Spike> spikes) {
  if (!std::is_sorted(spikes.begin(), spikes.end())) std::sort(spikes.begin(), spikes.end());
  SpikeTrain train;
  train.reserve(spikes.size());
  for (const Spike& spike : spikes) train.append(spike.time, spike.source);
  return train;
}

void SpikeTrain::assign_unsorted(std::span<const TimeMs> times, std::span<const NeuronId> sources,
                                 TimeMs duration) {
  assert(times.size() == sources.size());
  // Narrow buckets of equal width, then insertion sort: nearly all spikes are in place. More buckets would
  // leave less to the insertion sort, but take longer to count.
  const std::size_t size = times.size();
  const auto last_bucket = static_cast<std::int32_t>(std::min<std::size_t>(2 * size, 1U << 30U));
  const double buckets_per_ms = last_bucket / duration;
  thread_local std::vector<std::int32_t> bucket;
  thread_local std::vector<std::uint32_t> place;  // where the next spike of a bucket goes
  bucket.resize(size);
  for (std::size_t i = 0; i < size; ++i) {
    bucket[i] = std::min(static_cast<std::int32_t>(times[i] * buckets_per_ms), last_bucket);
  }
  place.assign(static_cast<std::size_t>(last_bucket) + 2, 0);
  for (std::size_t i = 0; i < size; ++i) ++place[static_cast<std::size_t>(bucket[i]) + 1];
  std::partial_sum(place.begin(), place.end(), place.begin());
  assign_sorted(size, [&](std::span<TimeMs> sorted_times, std::span<NeuronId> sorted_sources) {
    for (std::size_t i = 0; i < size; ++i) {
      const std::uint32_t to = place[static_cast<std::size_t>(bucket[i])]++;
      sorted_times[to] = times[i];
      sorted_sources[to] = sources[i];
    }
    for (std::size_t i = 1; i < size; ++i) {
      const Spike spike{sorted_times[i], sorted_sources[i]};
      std::size_t k = i;
      for (; k > 0 && spike < Spike{sorted_times[k - 1], sorted_sources[k - 1]}; --k) {
        sorted_times[k] = sorted_times[k - 1];
        sorted_sources[k] = sorted_sources[k - 1];
      }
      sorted_times[k] = spike.time;
      sorted_sources[k] = spike.source;
    }
  });
}

void SpikeTrain::append(TimeMs time, NeuronId source) {
  assert(empty() || (Spike{times_.back(), sources_.back()} <= Spike{time, source}));
  times_.push_back(time);
  sources_.push_back(source);
}

void SpikeTrain::clear() {
  times_.clear();
  sources_.clear();
}

void SpikeTrain::reserve(std::size_t size) {
  times_.reserve(size);
  sources_.reserve(size);
}

void SpikeTrain::assert_sorted() const {
#ifndef NDEBUG
  for (std::size_t i = 1; i < size(); ++i) assert((*this)[i - 1] <= (*this)[i]);
#endif
}

}  // namespace shallows
