#include "sim/volleys.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "sim/packed_synapses.hpp"

// For the bit instructions that come with the vectors; narrower machines get the baseline's.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/volleys.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef SHALLOWS_SIM_VOLLEYS_PLACED_
#define SHALLOWS_SIM_VOLLEYS_PLACED_
namespace shallows {

struct PlacedVolley {
  std::uint64_t lanes;
  std::uint32_t arrival;
  NeuronId first;  // the block's first neuron
};

}  // namespace shallows
#endif

HWY_BEFORE_NAMESPACE();
namespace shallows::HWY_NAMESPACE {

std::size_t count_spikes(const PlacedVolley* volleys, std::size_t size) {
  std::size_t count = 0;
  for (std::size_t v = 0; v < size; ++v) count += hwy::PopCount(volleys[v].lanes);
  return count;
}

/// Volleys in the order of arrival to the spikes' times and neurons.
void expand(std::span<const PlacedVolley> volleys, const TimeMs* times, std::span<TimeMs> out_times,
            std::span<NeuronId> out_neurons) {
  // Most volleys have few spikes, how many is anyone's guess: writing some too many, which the next volley
  // overwrites, is cheaper than a branch.
  constexpr std::size_t kAtOnce = 4;
  std::size_t place = 0;
  for (const PlacedVolley& volley : volleys) {
    const TimeMs time = times[volley.arrival];
    std::uint64_t left = volley.lanes;
    std::size_t next = place;
    const auto emit = [&] {
      out_times[next] = time;
      out_neurons[next++] = volley.first + static_cast<NeuronId>(std::countr_zero(left));
      left &= left - 1;
    };
    if (place + kAtOnce <= out_times.size()) {
      for (std::size_t i = 0; i < kAtOnce; ++i) emit();
    }
    while (left != 0) emit();
    place += hwy::PopCount(volley.lanes);
  }
}

}  // namespace shallows::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shallows {

HWY_EXPORT(count_spikes);
HWY_EXPORT(expand);

void order_volleys(std::span<const TimeMs> times, std::span<const std::vector<Volley>> volleys,
                   SpikeTrain& spikes) {
  // Counting sort by arrival. Blocks come in the order of their neurons, and so do the spikes of one instant
  // in a block: the result is in (time, neuron) order.
  std::vector<std::uint32_t> place(times.size() + 1, 0);
  std::size_t size = 0;
  for (const auto& block : volleys) {
    size += block.size();
    for (const Volley& volley : block) ++place[volley.arrival + 1];
  }
  std::partial_sum(place.begin(), place.end(), place.begin());
  thread_local std::vector<PlacedVolley> ordered;
  ordered.resize(size);
  for (std::size_t b = 0; b < volleys.size(); ++b) {
    const auto first = static_cast<NeuronId>(b * kBlockLanes);
    for (const Volley& volley : volleys[b]) {
      ordered[place[volley.arrival]++] = {volley.lanes, volley.arrival, first};
    }
  }
  const std::size_t count = HWY_DYNAMIC_DISPATCH(count_spikes)(ordered.data(), size);
  spikes.assign_sorted(count, [&](std::span<TimeMs> out_times, std::span<NeuronId> neurons) {
    HWY_DYNAMIC_DISPATCH(expand)(ordered, times.data(), out_times, neurons);
  });
}

}  // namespace shallows
#endif  // HWY_ONCE
