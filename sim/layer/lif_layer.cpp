#include "sim/layer/lif_layer.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>

#include "sim/core/error.hpp"
#include "sim/layer/lap_clock.hpp"
#include "sim/layer/release_positions.hpp"
#include "sim/neurons/refractoriness.hpp"
#include "sim/vector/bit_lists.hpp"
#include "sim/vector/exp_many.hpp"

namespace shallows {
namespace {

/// Longest stretch, in units of tau, between renormalisations: exp(32) leaves float32 most of its range.
constexpr double kFrame = 32.0;
constexpr std::size_t kSliceWords = kSliceArrivals / 64;
/// Consecutive blocks that select their arrivals together: more share more work, but fewer arrivals.
constexpr std::size_t kCohortBlocks = 9;
/// Of the masks that tell which blocks of a cohort, and which cohorts of a group, an arrival reaches.
constexpr std::size_t kMaskBits = 16;
static_assert(kCohortBlocks <= kMaskBits);
constexpr std::uint32_t kCohortMask = (1U << kCohortBlocks) - 1;

/// theta - I of every neuron.
std::vector<double> gaps(const std::vector<double>& thresholds_mV, const std::vector<double>& drives_mV) {
  std::vector<double> gap(thresholds_mV);
  for (std::size_t i = 0; i < gap.size(); ++i) gap[i] -= drives_mV[i];
  return gap;
}

}  // namespace

/// The arrivals of one frame.
template <class Real>
struct LifLayer<Real>::Events {
  std::span<const TimeMs> times;
  std::span<const NeuronId> sources;
  std::uint32_t first;              // index of the frame's first arrival in the whole train
  std::span<const Real> scale;      // exp(t / tau), t since the frame's start
  std::span<const Real> free_from;  // see find_release_positions(); empty without refractoriness
  // Last arrival of the same time, counted in the whole train; empty if no two are simultaneous.
  std::span<const std::uint32_t> instant;
  Real rebase;                           // exp(-frame / tau): from this frame's origin to the next one's
  std::size_t words;                     // of a row of `reach`
  std::span<const std::uint64_t> reach;  // [cohort][words]: bit k is set where arrival k reaches the cohort
};

/// A block in its place of the team: there until it has walked its list, then another one takes the place.
struct Walker {
  std::size_t block;   // in the whole layer
  std::size_t next;    // entry of its list
  std::size_t length;  // of the list
};

/// Working memory of one cohort. Kept by the thread: nothing below hands the thread to another task
/// meanwhile.
template <class Real>
struct LifLayer<Real>::Scratch {
  std::uint32_t first_arrival;  // of the slice, in the whole train
  // The slice's arrivals at the cohort, beside those in `lists`.
  std::size_t size;
  std::uint16_t position[kSliceArrivals + kBitListSlack];  // in the slice
  std::uint32_t targets[kSliceArrivals + kBitListSlack];   // see LifLayer::targets_of_
  std::uint16_t blocks[kSliceArrivals + 64];               // bit b: reaches the cohort's block b

  std::uint64_t reach[kCohortBlocks * kSliceWords];  // [block][word]: bit k, arrival k reaches the block
  std::size_t length[kCohortBlocks];                 // of the blocks' lists
  std::vector<std::size_t> walking_order;            // blocks, those with the longest lists first

  std::array<Walker, kTeamBlocks> team;
  alignas(64) Real free_from[kCohortBlocks * kBlockLanes];  // of the cohort's lanes, see BlockWalk
  TeamLists<Real> lists;
  VolleyScratch volleys;
};

template <class Real>
bool LifLayer<Real>::applies(const LifParams& params, std::span<const double> thresholds_mV,
                             std::span<const double> drives_mV) {
  return params.refractory_ms <= kLongestRefractory * params.tau_ms &&
         std::equal(drives_mV.begin(), drives_mV.end(), thresholds_mV.begin(), thresholds_mV.end(),
                    std::less<>());
}

template <class Real>
LifLayer<Real>::LifLayer(const Synapses& synapses, const LifParams& params, std::vector<double> thresholds_mV,
                         std::vector<double> drives_mV)
    : tau_ms_(params.tau_ms),
      refractory_ms_(params.refractory_ms),
      drives_mV_(std::move(drives_mV)),
      gaps_mV_(gaps(thresholds_mV, drives_mV_)),
      synapses_(synapses, gaps_mV_, kCohortBlocks),
      reset_(synapses_.padded_targets(), Real{0}),
      cohorts_((synapses_.blocks().size() + kCohortBlocks - 1) / kCohortBlocks),
      targets_of_(cohorts_ * synapses_.source_count(), 0),
      cohorts_of_((cohorts_ + kMaskBits - 1) / kMaskBits * synapses_.source_count(), 0) {
  assert(applies(params, thresholds_mV, drives_mV_));
  for (std::size_t i = 0; i < size(); ++i) {
    reset_[i] = static_cast<Real>((params.reset_mV - drives_mV_[i]) / gaps_mV_[i] *
                                  std::exp(params.refractory_ms / params.tau_ms));
  }
  const std::size_t sources = synapses_.source_count();
  for (std::size_t c = 0; c < cohorts_; ++c) {
    const auto& shared = synapses_.blocks()[c * kCohortBlocks].sources;
    assert(shared.size() <= std::size_t{1} << (32 - kCohortBlocks));
    for (std::size_t s = 0; s < shared.size(); ++s) {
      targets_of_[c * sources + shared[s]] = static_cast<std::uint32_t>(s << kCohortBlocks);
      cohorts_of_[c / kMaskBits * sources + shared[s]] |= static_cast<std::uint16_t>(1U << (c % kMaskBits));
    }
  }
  for (std::size_t i = 0; i < size(); ++i) {
    const std::size_t block = i / kBlockLanes;
    for (const NeuronId source : synapses.sources_of(i)) {
      targets_of_[block / kCohortBlocks * sources + source] |= 1U << (block % kCohortBlocks);
    }
  }
}

template <class Real>
typename LifLayer<Real>::State LifLayer<Real>::initial_state(std::span<const double> v_mV) const {
  assert(v_mV.size() == size());
  State state{.x = AlignedVector<Real>(reset_.size(), Real{0}), .refractory_left_ms = {}};
  for (std::size_t i = 0; i < size(); ++i) {
    state.x[i] = static_cast<Real>((v_mV[i] - drives_mV_[i]) / gaps_mV_[i]);
  }
  if (refractory_ms_ > 0.0) state.refractory_left_ms.assign(reset_.size(), 0.0);
  return state;
}

/// In blocks.
template <class Real>
std::size_t LifLayer<Real>::cohort_size(std::size_t cohort) const {
  return std::min(kCohortBlocks, synapses_.blocks().size() - cohort * kCohortBlocks);
}

/// For every cohort, which of the arrivals from these sources reach it: memory.reach.
template <class Real>
void LifLayer<Real>::find_reach(std::span<const NeuronId> arrivals, Unordered& memory) const {
  const std::size_t sources = synapses_.source_count();
  const std::size_t words = (arrivals.size() + 63) / 64;
  memory.reach.resize(cohorts_ * words);
  memory.masks.resize(words * 64);
  std::fill(memory.masks.begin() + static_cast<std::ptrdiff_t>(arrivals.size()), memory.masks.end(), 0);
  for (std::size_t first = 0; first < cohorts_; first += kMaskBits) {
    const std::uint16_t* cohorts_of = cohorts_of_.data() + first / kMaskBits * sources;
    for (std::size_t k = 0; k < arrivals.size(); ++k) memory.masks[k] = cohorts_of[arrivals[k]];
    std::size_t counts[kMaskBits];
    split_masks(memory.masks.data(), arrivals.size(), std::min(kMaskBits, cohorts_ - first),
                memory.reach.data() + first * words, words, counts);
  }
}

/// Finds the arrivals of the slice that reach the cohort, and which of them reach each of its blocks.
template <class Real>
void LifLayer<Real>::select_arrivals(std::size_t cohort, const Events& events, std::size_t begin,
                                     Scratch& scratch) const {
  scratch.first_arrival = static_cast<std::uint32_t>(events.first + begin);
  const std::size_t words = std::min(kSliceWords, events.words - begin / 64);
  const auto reach = events.reach.subspan(cohort * events.words + begin / 64, words);
  scratch.size = list_set_bits(reach, scratch.position);
  select_set_bits(reach, events.sources.subspan(begin), scratch.targets);
  select_set_bits(reach, events.scale.subspan(begin), scratch.lists.scale);
  if (scratch.lists.refractory) {
    select_set_bits(reach, events.free_from.subspan(begin), scratch.lists.free_from);
    for (std::size_t e = 0; e < scratch.size; ++e) scratch.lists.position[e] = scratch.position[e];
  }
  const std::uint32_t* targets_of = targets_of_.data() + cohort * synapses_.source_count();
  for (std::size_t e = 0; e < scratch.size; ++e) scratch.targets[e] = targets_of[scratch.targets[e]];
  for (std::size_t e = 0; e < scratch.size; ++e) {
    scratch.blocks[e] = static_cast<std::uint16_t>(scratch.targets[e] & kCohortMask);
    scratch.lists.row[e] = (scratch.targets[e] >> kCohortBlocks) * kBlockLanes;
  }
  std::fill_n(scratch.blocks + scratch.size, 64, std::uint16_t{0});
  const std::size_t blocks = cohort_size(cohort);
  split_masks(scratch.blocks, scratch.size, blocks, scratch.reach, kSliceWords, scratch.length);
  auto& order = scratch.walking_order;
  order.resize(blocks);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scratch.length[a] > scratch.length[b]; });
}

/// Gives a block a place in the team and lists its arrivals of the slice.
template <class Real>
void LifLayer<Real>::enter(std::size_t block, std::size_t place, const Events& events, std::size_t begin,
                           Scratch& scratch) const {
  const std::size_t within = block % kCohortBlocks;
  TeamLists<Real>& lists = scratch.lists;
  const std::uint16_t* entry = lists.entry[place];
  const std::size_t length = list_set_bits(
      std::span(scratch.reach).subspan(within * kSliceWords, (scratch.size + 63) / 64), lists.entry[place]);
  scratch.team[place] = {.block = block, .next = 0, .length = length};
  if (!lists.simultaneous) return;
  // Among the arrivals at this block, the last one of an instant tests the threshold.
  const std::uint32_t* targets_of = targets_of_.data() + block / kCohortBlocks * synapses_.source_count();
  for (std::size_t i = 0; i < length; ++i) {
    lists.threshold[place][i] = lists.scale[entry[i]];
    const std::size_t k = begin + scratch.position[entry[i]];
    for (std::size_t next = k + 1; next <= events.instant[k] - events.first; ++next) {
      if ((targets_of[events.sources[next]] >> within & 1) == 0) continue;
      lists.threshold[place][i] = std::numeric_limits<Real>::infinity();
      break;
    }
  }
}

/// The team's first `size` blocks walk until one of them is at its end.
template <class Real>
void LifLayer<Real>::walk(std::size_t size, State& state, Scratch& scratch) const {
  std::array<BlockWalk<Real>, kTeamBlocks> team;
  std::size_t steps = kSliceArrivals;
  for (std::size_t place = 0; place < size; ++place) {
    const Walker& walker = scratch.team[place];
    const std::size_t lane = walker.block * kBlockLanes;
    team[place] = {.weights = synapses_.weights(synapses_.blocks()[walker.block]),
                   .reset = reset_.data() + lane,
                   .x = state.x.data() + lane,
                   .free_from = scratch.free_from + lane % (kCohortBlocks * kBlockLanes),
                   .next = walker.next};
    steps = std::min(steps, walker.length - walker.next);
  }
  run_lif_team<Real>(std::span(team).first(size), steps, scratch.lists);
  for (std::size_t place = 0; place < size; ++place) scratch.team[place].next += steps;
}

/// Adds the spikes of what the block at this place has walked, and moves what is left of its list to the
/// front of place `to`'s.
template <class Real>
void LifLayer<Real>::hand_over(std::size_t place, std::size_t to, Scratch& scratch,
                               std::span<BlockSpikes> spikes) const {
  TeamLists<Real>& lists = scratch.lists;
  const Walker walker = scratch.team[place];
  append_volleys({.lanes = {lists.spikes[place], walker.next},
                  .entry = lists.entry[place],
                  .arrival = scratch.position,
                  .first_arrival = scratch.first_arrival},
                 scratch.volleys, spikes[walker.block]);
  const std::size_t left = walker.length - walker.next;
  std::copy_n(lists.entry[place] + walker.next, left, lists.entry[to]);
  if (lists.simultaneous) std::copy_n(lists.threshold[place] + walker.next, left, lists.threshold[to]);
  scratch.team[to] = {.block = walker.block, .next = 0, .length = left};
}

template <class Real>
void LifLayer<Real>::run_cohort(std::size_t cohort, const Events& events, State& state,
                                std::span<BlockSpikes> spikes, LayerTimes* times) const {
  LapClock clock(times);
  thread_local const auto scratch = std::make_unique<Scratch>();
  scratch->lists.simultaneous = !events.instant.empty();
  const bool refractory = refractory_ms_ > 0.0;
  scratch->lists.refractory = refractory;
  const std::size_t first_block = cohort * kCohortBlocks;
  const std::size_t blocks = cohort_size(cohort);
  const auto lanes_of = [&](auto& values) {
    return std::span(values).subspan(first_block * kBlockLanes, blocks * kBlockLanes);
  };
  const auto free_at = refractory ? lanes_of(state.refractory_left_ms) : std::span<TimeMs>();
  const auto free_from = std::span(scratch->free_from).first(free_at.size());
  for (std::size_t b = first_block; b < first_block + blocks; ++b) {
    spikes[b].reserve(spikes[b].size() + events.sources.size() / 8);  // more than most blocks need
  }
  for (std::size_t begin = 0; begin < events.sources.size(); begin += kSliceArrivals) {
    select_arrivals(cohort, events, begin, *scratch);
    const auto slice = events.times.subspan(begin, std::min(kSliceArrivals, events.times.size() - begin));
    if (refractory) enter_slice<Real>(slice, free_at, free_from);
    std::size_t next = 0;
    const auto enter_next = [&](std::size_t place) {
      enter(first_block + scratch->walking_order[next++], place, events, begin, *scratch);
    };
    std::size_t size = std::min(kTeamBlocks, blocks);
    for (std::size_t place = 0; place < size; ++place) enter_next(place);
    clock.lap(&LayerTimes::filtering);
    while (size > 0) {
      walk(size, state, *scratch);
      clock.lap(&LayerTimes::walking);
      for (std::size_t place = size; place-- > 0;) {
        if (scratch->team[place].next < scratch->team[place].length) continue;
        hand_over(place, place, *scratch, spikes);
        clock.lap(&LayerTimes::ordering);
        if (next < blocks) {
          enter_next(place);
        } else if (place != --size) {
          hand_over(size, place, *scratch, spikes);
        }
        clock.lap(&LayerTimes::filtering);
      }
    }
    if (refractory) leave_slice<Real>(slice, refractory_ms_, free_from, free_at);
  }
  for (Real& value : lanes_of(state.x)) value *= events.rebase;
}

/// The arrivals from `first` up to `stop`, in the `last` frame to the end; `memory` holds what is computed.
template <class Real>
typename LifLayer<Real>::Events LifLayer<Real>::frame_events(const SpikeTrain& arrivals, std::size_t first,
                                                             TimeMs start, TimeMs stop, bool last,
                                                             Unordered& memory) const {
  const auto times = arrivals.times().subspan(first);
  const std::size_t size =
      last ? times.size()
           : static_cast<std::size_t>(std::lower_bound(times.begin(), times.end(), stop) - times.begin());
  const auto sources = arrivals.sources().subspan(first, size);
  find_reach(sources, memory);
  memory.scale.resize(size);
  exp_elapsed<Real>(times.first(size), start, tau_ms_, memory.scale);
  if (refractory_ms_ > 0.0) {
    memory.free_from.resize(size);
    find_release_positions<Real>(times.first(size), refractory_ms_, memory.free_from);
  }
  const std::span<const std::uint32_t> instant = memory.spikes.instant;
  return {.times = times.first(size),
          .sources = sources,
          .first = static_cast<std::uint32_t>(first),
          .scale = memory.scale,
          .free_from = memory.free_from,
          .instant = instant.empty() ? instant : instant.subspan(first, size),
          .rebase = static_cast<Real>(std::exp(-(stop - start) / tau_ms_)),
          .words = (size + 63) / 64,
          .reach = memory.reach};
}

template <class Real>
void LifLayer<Real>::run(const SpikeTrain& arrivals, TimeMs duration, State& state, SpikeTrain& spikes,
                         LayerTimes* times) const {
  Unordered unordered;
  run_unordered(arrivals, duration, state, unordered, times);
  order(arrivals, unordered, spikes, times);
}

template <class Real>
void LifLayer<Real>::order(const SpikeTrain& arrivals, const Unordered& unordered, SpikeTrain& spikes,
                           LayerTimes* times) const {
  LapClock clock(times);
  order_spikes(arrivals.times(), unordered.spikes, spikes);
  clock.lap(&LayerTimes::ordering);
}

template <class Real>
void LifLayer<Real>::run_unordered(const SpikeTrain& arrivals, TimeMs duration, State& state,
                                   Unordered& unordered, LayerTimes* times) const {
  assert(state.x.size() == reset_.size());
  if (arrivals.size() >= kMostArrivals) {
    throw Error(ErrorKind::network,
                "67 million spikes or more arrive at the hidden layer in one presentation (the fast engine "
                "counts them in 26 bits); shorten the presentation, or set engine.kind = \"reference\"");
  }
  LapClock clock(times);
  const auto frames =
      std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(duration / (kFrame * tau_ms_))));
  auto& [blocks, instant] = unordered.spikes;
  blocks.resize(synapses_.blocks().size());
  for (BlockSpikes& block : blocks) block.clear();
  find_last_of_instants(arrivals.times(), instant);
  clock.lap(&LayerTimes::filtering);
  std::size_t first = 0;
  for (std::size_t f = 0; f < frames; ++f) {
    const auto boundary = [&](std::size_t i) {
      return duration * static_cast<double>(i) / static_cast<double>(frames);
    };
    clock.skip();
    const Events events =
        frame_events(arrivals, first, boundary(f), boundary(f + 1), f + 1 == frames, unordered);
    clock.lap(&LayerTimes::filtering);
    tbb::parallel_for(std::size_t{0}, cohorts_,
                      [&](std::size_t c) { run_cohort(c, events, state, blocks, times); });
    first += events.sources.size();
  }
  for (TimeMs& left : state.refractory_left_ms) left = refractory_left(left, duration);
}

template class LifLayer<float>;
template class LifLayer<double>;

}  // namespace shallows
