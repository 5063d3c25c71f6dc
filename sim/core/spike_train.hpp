// A population's spikes in their one documented order: by time, then by source.
#pragma once

#include <compare>
#include <cstddef>
#include <span>
#include <vector>

#include "sim/core/types.hpp"

namespace shallows {

struct Spike {
  TimeMs time;
  NeuronId source;

  friend auto operator<=>(const Spike&, const Spike&) = default;
};

/// Spikes sorted by (time, source) by construction; a structure of arrays, read through spans.
class SpikeTrain {
 public:
  SpikeTrain() = default;

  /// Sorts the spikes into (time, source) order; equal spikes are kept.
  static SpikeTrain from_unsorted(std::vector<Spike> spikes);

  std::size_t size() const { return times_.size(); }
  bool empty() const { return times_.empty(); }
  std::span<const TimeMs> times() const { return times_; }
  std::span<const NeuronId> sources() const { return sources_; }
  Spike operator[](std::size_t i) const { return {times_[i], sources_[i]}; }

  /// Replaces the content by these spikes, whose times lie in [0, duration), in (time, source) order. Linear
  /// in the number of spikes when they are spread over the interval.
  void assign_unsorted(std::span<const TimeMs> times, std::span<const NeuronId> sources, TimeMs duration);

  /// Adds a spike that is not before the last one in (time, source) order.
  void append(TimeMs time, NeuronId source);

  /// Replaces the content by `size` spikes that fill(times, sources) writes in (time, source) order: the way
  /// in for code that produces whole trains at once.
  template <class Fill>
  void assign_sorted(std::size_t size, Fill&& fill) {
    times_.resize(size);
    sources_.resize(size);
    fill(std::span<TimeMs>(times_), std::span<NeuronId>(sources_));
    assert_sorted();
  }

  void clear();
  void reserve(std::size_t size);

  friend bool operator==(const SpikeTrain&, const SpikeTrain&) = default;

 private:
  void assert_sorted() const;

  std::vector<TimeMs> times_;
  std::vector<NeuronId> sources_;
};

}  // namespace shallows
