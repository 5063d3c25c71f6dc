#include "sim/volleys.hpp"

#include <bit>
#include <numeric>

#include "sim/bit_lists.hpp"

// For the bit instructions that come with the vectors; narrower machines get the baseline's.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/volleys.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace shallows::HWY_NAMESPACE {

// Most volleys have few spikes and most arrivals cause a few, how many is anyone's guess: writing some too
// many, which the next ones overwrite, is cheaper than a branch.

std::size_t count_spikes(const Volleys& volleys, std::span<const std::uint16_t> which) {
  std::size_t count = 0;
  for (const std::uint16_t k : which) count += hwy::PopCount(volleys.lanes[k]);
  return count;
}

/// The spikes of the volleys `which`. Writes past the last one up to the end of `out`.
void expand(const Volleys& volleys, std::span<const std::uint16_t> which, std::span<std::uint32_t> out) {
  constexpr std::size_t kAtOnce = 2;
  std::size_t place = 0;
  for (const std::uint16_t k : which) {
    const std::uint32_t base = volleys.arrival[volleys.entry[k]] * static_cast<std::uint32_t>(kBlockLanes);
    std::uint64_t left = volleys.lanes[k];
    std::size_t next = place;
    const auto emit = [&] {
      out[next++] = base + static_cast<std::uint32_t>(std::countr_zero(left));
      left &= left - 1;
    };
    if (place + kAtOnce <= out.size()) {
      for (std::size_t i = 0; i < kAtOnce; ++i) emit();
    }
    while (left != 0) emit();
    place += hwy::PopCount(volleys.lanes[k]);
  }
}

/// The time of arrival k goes to places begin[k] to begin[k + 1]. `begin` has one more element than `times`.
void place_times(std::span<const TimeMs> times, const std::uint32_t* begin, std::span<TimeMs> out) {
  constexpr std::size_t kAtOnce = 16;
  for (std::size_t k = 0; k < times.size(); ++k) {
    std::size_t next = begin[k];
    if (next + kAtOnce <= out.size()) {
      for (std::size_t i = 0; i < kAtOnce; ++i) out[next + i] = times[k];
      next += kAtOnce;
    }
    for (; next < begin[k + 1]; ++next) out[next] = times[k];
  }
}

}  // namespace shallows::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shallows {
namespace {

HWY_EXPORT(count_spikes);
HWY_EXPORT(expand);
HWY_EXPORT(place_times);

constexpr std::uint32_t kLanes = kBlockLanes;

}  // namespace

void append_volleys(const Volleys& volleys, std::uint16_t* scratch, BlockSpikes& spikes) {
  const std::span which(scratch, list_nonzero_words(volleys.lanes, scratch));
  const std::size_t before = spikes.size();
  spikes.resize(before + HWY_DYNAMIC_DISPATCH(count_spikes)(volleys, which));
  HWY_DYNAMIC_DISPATCH(expand)(volleys, which, std::span(spikes).subspan(before));
}

void order_spikes(std::span<const TimeMs> times, std::span<const BlockSpikes> blocks, SpikeTrain& spikes) {
  // Counting sort by arrival. Blocks come in the order of their neurons, and so do the spikes of one instant
  // in a block: the result is in (time, neuron) order.
  thread_local std::vector<std::uint32_t> place;
  place.assign(times.size() + 1, 0);
  for (const BlockSpikes& block : blocks) {
    for (const std::uint32_t spike : block) ++place[spike / kLanes + 1];
  }
  std::partial_sum(place.begin(), place.end(), place.begin());
  spikes.assign_sorted(place.back(), [&](std::span<TimeMs> out_times, std::span<NeuronId> neurons) {
    HWY_DYNAMIC_DISPATCH(place_times)(times, place.data(), out_times);
    NeuronId first = 0;
    for (const BlockSpikes& block : blocks) {
      for (const std::uint32_t spike : block) neurons[place[spike / kLanes]++] = first + spike % kLanes;
      first += kLanes;
    }
  });
}

}  // namespace shallows
#endif  // HWY_ONCE
