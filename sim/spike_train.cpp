#include "sim/spike_train.hpp"

#include <algorithm>
#include <cassert>

namespace shallows {

SpikeTrain SpikeTrain::from_unsorted(std::vector<Spike> spikes) {
  std::sort(spikes.begin(), spikes.end());
  SpikeTrain train;
  train.reserve(spikes.size());
  for (const Spike& spike : spikes) train.append(spike.time, spike.source);
  return train;
}

void SpikeTrain::assign_unsorted(std::span<const Spike> spikes, TimeMs duration) {
  // Narrow buckets of equal width, then insertion sort: nearly all spikes are in place.
  const std::size_t buckets = 4 * spikes.size() + 1;
  const double buckets_per_ms = static_cast<double>(buckets - 1) / duration;
  const auto bucket_of = [&](const Spike& spike) {
    return std::min(static_cast<std::size_t>(spike.time * buckets_per_ms), buckets - 1);
  };
  std::vector<std::uint32_t> end(buckets + 1, 0);
  for (const Spike& spike : spikes) ++end[bucket_of(spike) + 1];
  for (std::size_t b = 1; b <= buckets; ++b) end[b] += end[b - 1];
  std::vector<Spike> sorted(spikes.size());
  for (const Spike& spike : spikes) sorted[end[bucket_of(spike)]++] = spike;
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    const Spike spike = sorted[i];
    std::size_t k = i;
    for (; k > 0 && spike < sorted[k - 1]; --k) sorted[k] = sorted[k - 1];
    sorted[k] = spike;
  }
  times_.resize(sorted.size());
  sources_.resize(sorted.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    times_[i] = sorted[i].time;
    sources_[i] = sorted[i].source;
  }
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
