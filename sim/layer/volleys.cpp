#include "sim/layer/volleys.hpp"

#include <algorithm>
#include <numeric>

// Compressing 16-bit lanes and counting bits take one instruction from this target on.
#define HWY_WANT_AVX3_DL
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/layer/volleys.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "sim/vector/masks-inl.hpp"

#ifndef SHALLOWS_SIM_VOLLEYS_FILLED_
#define SHALLOWS_SIM_VOLLEYS_FILLED_
namespace shallows {

/// Volleys of which none is empty.
struct FilledVolleys {
  std::uint64_t* lanes;
  std::uint16_t* entry;
  std::size_t count = 0;
  std::size_t spikes = 0;  ///< of all of them
};

}  // namespace shallows
#endif

HWY_BEFORE_NAMESPACE();
namespace shallows::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Words = hn::CappedTag<std::uint64_t, 8>;
constexpr std::size_t kWords = hn::MaxLanes(Words());

/// Moves the volleys that are not empty to the front, with their entries in `entry`.
FilledVolleys drop_empty(const Volleys& volleys, std::uint16_t* entry) {
  const Words d;
  const hn::CappedTag<std::uint16_t, 32> d16;
  constexpr std::size_t kEntries = hn::MaxLanes(decltype(d16)());
  std::uint64_t* lanes = volleys.lanes.data();
  const std::size_t count = volleys.lanes.size();
  std::fill_n(lanes + count, kVolleySlack, 0);
  FilledVolleys filled{.lanes = lanes, .entry = entry};
  auto spikes = hn::Zero(d);
  for (std::size_t first = 0; first < count; first += 64) {
    std::uint64_t which = 0;
    std::size_t place = filled.count;
    for (std::size_t k = 0; k < 64; k += kWords) {
      const auto words = hn::LoadU(d, lanes + first + k);
      const auto some = hn::Ne(words, hn::Zero(d));
      const std::uint64_t bits = bits_of(d, some);
      hn::StoreU(compress(d, words, some), d, lanes + place);  // at or before the words just read
      spikes = hn::Add(spikes, hn::PopulationCount(words));
      which |= bits << k;
      place += hwy::PopCount(bits);
    }
    for (std::size_t k = 0; k < 64; k += kEntries) {
      const std::uint64_t bits = which >> k;
      filled.count +=
          hn::CompressBitsStore(hn::LoadU(d16, volleys.entry + first + k),
                                reinterpret_cast<const std::uint8_t*>(&bits), d16, entry + filled.count);
    }
  }
  filled.spikes = hn::GetLane(hn::SumOfLanes(d, spikes));
  return filled;
}

/// Puts the lowest spike of each of `count` volleys into `out`, and moves the volleys that have another one
/// to the front, with what the spike of their lane 0 would be; returns how many these are.
std::size_t take_lowest(std::uint64_t* lanes, std::uint64_t* first_spike, std::size_t count,
                        std::uint32_t* out) {
  const Words d;
  const hn::Rebind<std::uint32_t, Words> d32;
  const auto one = hn::Set(d, 1);
  std::fill_n(lanes + count, kWords, 0);
  std::size_t left = 0;
  for (std::size_t k = 0; k < count; k += kWords) {
    const auto words = hn::LoadU(d, lanes + k);
    const auto first = hn::LoadU(d, first_spike + k);
    const auto below = hn::Sub(words, one);
    const auto lowest = hn::PopulationCount(hn::AndNot(words, below));
    hn::StoreU(hn::TruncateTo(d32, hn::Add(first, lowest)), d32, out + k);
    const auto rest = hn::And(words, below);
    const auto more = hn::Ne(rest, hn::Zero(d));
    hn::StoreU(compress(d, rest, more), d, lanes + left);
    hn::StoreU(compress(d, first, more), d, first_spike + left);
    left += hwy::PopCount(bits_of(d, more));
  }
  return left;
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

HWY_EXPORT(drop_empty);
HWY_EXPORT(take_lowest);
HWY_EXPORT(place_times);

constexpr std::uint32_t kLanes = kBlockLanes;

}  // namespace

void find_last_of_instants(std::span<const TimeMs> times, std::vector<std::uint32_t>& last) {
  last.clear();
  unsigned ties = 0;  // counted without a branch: there are few in most trains, or none
  for (std::size_t k = 1; k < times.size(); ++k) ties += static_cast<unsigned>(times[k] == times[k - 1]);
  if (ties == 0) return;
  last.resize(times.size());
  for (std::size_t k = times.size(); k-- > 0;) {
    const bool tied = k + 1 < times.size() && times[k] == times[k + 1];
    last[k] = tied ? last[k + 1] : static_cast<std::uint32_t>(k);
  }
}

void append_volleys(const Volleys& volleys, VolleyScratch& scratch, BlockSpikes& spikes) {
  const std::size_t room = volleys.lanes.size() + kVolleySlack;
  if (scratch.entry.size() < room) {
    scratch.entry.resize(room);
    scratch.first_spike.resize(room);
  }
  const FilledVolleys filled = HWY_DYNAMIC_DISPATCH(drop_empty)(volleys, scratch.entry.data());
  std::uint64_t* first_spike = scratch.first_spike.data();
  for (std::size_t k = 0; k < filled.count; ++k) {
    const std::uint32_t arrival = volleys.first_arrival + volleys.arrival[filled.entry[k]];
    first_spike[k] = std::uint64_t{arrival} * kBlockLanes;
  }
  const std::size_t before = spikes.size();
  spikes.resize(before + filled.spikes + kVolleySlack);
  std::uint32_t* out = spikes.data() + before;
  for (std::size_t count = filled.count; count != 0;) {
    const std::size_t left = HWY_DYNAMIC_DISPATCH(take_lowest)(filled.lanes, first_spike, count, out);
    out += count;
    count = left;
  }
  spikes.resize(before + filled.spikes);
}

void order_spikes(std::span<const TimeMs> times, const UnorderedSpikes& unordered, SpikeTrain& spikes) {
  const auto& [blocks, instant] = unordered;
  // Counting sort by arrival. Blocks come in the order of their neurons, and so do the spikes of one instant
  // in a block: the result is in (time, neuron) order.
  const auto order = [&](const auto& bucket_of) {
    thread_local std::vector<std::uint32_t> place;
    place.assign(times.size() + 1, 0);
    for (const BlockSpikes& block : blocks) {
      for (const std::uint32_t spike : block) ++place[bucket_of(spike / kLanes) + 1];
    }
    std::partial_sum(place.begin(), place.end(), place.begin());
    spikes.assign_sorted(place.back(), [&](std::span<TimeMs> out_times, std::span<NeuronId> neurons) {
      HWY_DYNAMIC_DISPATCH(place_times)(times, place.data(), out_times);
      NeuronId first = 0;
      for (const BlockSpikes& block : blocks) {
        for (const std::uint32_t spike : block) {
          neurons[place[bucket_of(spike / kLanes)]++] = first + spike % kLanes;
        }
        first += kLanes;
      }
    });
  };
  if (instant.empty()) {
    order([](std::uint32_t arrival) { return arrival; });
  } else {
    order([&](std::uint32_t arrival) { return instant[arrival]; });
  }
}

}  // namespace shallows
#endif  // HWY_ONCE
