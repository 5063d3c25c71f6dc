#include "sim/lif_layer.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>

#include "sim/bit_lists.hpp"
#include "sim/error.hpp"
#include "sim/exp_many.hpp"

namespace shallows {
namespace {

/// Longest stretch, in units of tau, between renormalisations: exp(32) leaves float32 most of its range.
constexpr double kFrame = 32.0;
constexpr std::size_t kSliceWords = kSliceArrivals / 64;

/// Adds the time between laps to what each lap is told; does nothing if there is nothing to add to.
class LapClock {
 public:
  using Clock = std::chrono::steady_clock;
  explicit LapClock(LayerTimes* times) : times_(times) { skip(); }
  /// What follows counts from now on.
  void skip() {
    if (times_ != nullptr) last_ = Clock::now();
  }
  void lap(double LayerTimes::*stage) {
    if (times_ == nullptr) return;
    const Clock::time_point now = Clock::now();
    times_->*stage += std::chrono::duration<double>(now - last_).count();
    last_ = now;
  }

 private:
  LayerTimes* times_;
  Clock::time_point last_;
};

/// theta - I of every neuron.
std::vector<double> gaps(const std::vector<double>& thresholds_mV, const std::vector<double>& drives_mV) {
  std::vector<double> gap(thresholds_mV);
  for (std::size_t i = 0; i < gap.size(); ++i) gap[i] -= drives_mV[i];
  return gap;
}

}  // namespace

/// The arrivals of one frame, shared by all blocks.
template <class Real>
struct LifLayer<Real>::Events {
  std::span<const TimeMs> times;
  std::span<const NeuronId> sources;
  std::uint32_t first;                 // index of the frame's first arrival in the whole train
  std::vector<Real> scale;             // exp(t / tau), t since the frame's start
  std::vector<std::uint32_t> instant;  // last arrival of the same time; empty if no two are simultaneous
  Real rebase;                         // exp(-frame / tau): from this frame's origin to the next one's
  std::size_t words;                   // of a row of `reach`
  std::vector<std::uint64_t> reach;    // [block][words]: bit k is set where arrival k reaches the block

  std::vector<std::uint32_t> walking_order;  // blocks, those with the longest lists first

  /// The part of a block's row that belongs to a slice.
  std::span<const std::uint64_t> reach_of(std::size_t block, std::size_t begin) const {
    return std::span(reach).subspan(block * words + begin / 64, std::min(kSliceWords, words - begin / 64));
  }

  /// The first arrival from `k` on that reaches the block; size() if there is none.
  std::size_t next_reach(std::size_t block, std::size_t k) const {
    for (; k < sources.size(); ++k) {
      if ((reach[block * words + k / 64] >> (k % 64) & 1) != 0) return k;
    }
    return k;
  }
};

/// Working memory of one team. Kept by the thread: nothing below hands the thread to another task meanwhile.
template <class Real>
struct LifLayer<Real>::Scratch {
  alignas(64) Real x[kTeamLanes];
  alignas(64) Real reset[kTeamLanes];
  TeamArrivals<Real> arrivals;
  TeamSpikes spikes;
  std::uint16_t positions[kTeamBlocks]
                         [kSliceArrivals + kBitListSlack];  // of the blocks' arrivals in the slice
  std::uint16_t spiking[kSliceArrivals + kBitListSlack];    // places in such a list
};

template <class Real>
bool LifLayer<Real>::applies(const LifParams& params, std::span<const double> thresholds_mV,
                             std::span<const double> drives_mV) {
  return params.refractory_ms == 0.0 && std::equal(drives_mV.begin(), drives_mV.end(), thresholds_mV.begin(),
                                                   thresholds_mV.end(), std::less<>());
}

template <class Real>
LifLayer<Real>::LifLayer(const Synapses& synapses, const LifParams& params, std::vector<double> thresholds_mV,
                         std::vector<double> drives_mV)
    : tau_ms_(params.tau_ms),
      drives_mV_(std::move(drives_mV)),
      gaps_mV_(gaps(thresholds_mV, drives_mV_)),
      synapses_(synapses, gaps_mV_),
      reset_(synapses_.padded_targets(), Real{0}),
      offset_of_(synapses_.blocks().size() * synapses_.source_count(),
                 static_cast<std::uint32_t>(synapses_.zero_row())),
      reached_((synapses_.blocks().size() + 63) / 64 * synapses_.source_count(), 0) {
  assert(applies(params, thresholds_mV, drives_mV_));
  if (synapses_.weights().size() > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(ErrorKind::configuration,
                "the hidden layer has more than 4294967295 weights (the fast engine counts them in 32 bits); "
                "choose fewer neurons or smaller patches, or engine.kind = \"reference\"");
  }
  for (std::size_t i = 0; i < size(); ++i) {
    reset_[i] = static_cast<Real>((params.reset_mV - drives_mV_[i]) / gaps_mV_[i]);
  }
  const std::size_t sources = synapses_.source_count();
  for (std::size_t b = 0; b < synapses_.blocks().size(); ++b) {
    const auto& block = synapses_.blocks()[b];
    for (std::size_t s = 0; s < block.sources.size(); ++s) {
      const NeuronId source = block.sources[s];
      offset_of_[b * sources + source] = static_cast<std::uint32_t>(block.first_weight + s * kBlockLanes);
      reached_[b / 64 * sources + source] |= std::uint64_t{1} << (b % 64);
    }
  }
}

template <class Real>
typename LifLayer<Real>::State LifLayer<Real>::initial_state(std::span<const double> v_mV) const {
  assert(v_mV.size() == size());
  State x(reset_.size(), Real{0});
  for (std::size_t i = 0; i < size(); ++i) x[i] = static_cast<Real>((v_mV[i] - drives_mV_[i]) / gaps_mV_[i]);
  return x;
}

/// For every block, which of the frame's arrivals reach it.
template <class Real>
void LifLayer<Real>::find_reach(Events& events) const {
  const std::size_t sources = synapses_.source_count();
  events.words = (events.sources.size() + 63) / 64;
  events.reach.resize(reached_.size() / std::max<std::size_t>(sources, 1) * 64 * events.words);
  for (std::size_t group = 0; group * sources < reached_.size(); ++group) {
    const std::uint64_t* masks = reached_.data() + group * sources;
    transpose_masks(
        events.sources.size(), [&](std::size_t k) { return masks[events.sources[k]]; },
        events.reach.data() + group * 64 * events.words, events.words);
  }
  const std::size_t blocks = synapses_.blocks().size();
  std::vector<std::size_t> length(blocks);
  for (std::size_t b = 0; b < blocks; ++b) {
    length[b] = count_set_bits(std::span(events.reach).subspan(b * events.words, events.words));
  }
  events.walking_order.resize(blocks);
  std::iota(events.walking_order.begin(), events.walking_order.end(), 0U);
  std::stable_sort(events.walking_order.begin(), events.walking_order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return length[a] > length[b]; });
}

/// Lists the arrivals of the slice that reach the block; returns how many.
template <class Real>
std::size_t LifLayer<Real>::select_arrivals(std::size_t block, std::size_t lane, const Events& events,
                                            std::size_t begin, Scratch& scratch) const {
  const std::uint16_t* positions = scratch.positions[lane];
  const std::uint32_t* offset_of = offset_of_.data() + block * synapses_.source_count();
  const std::size_t size = list_set_bits(events.reach_of(block, begin), scratch.positions[lane]);
  const NeuronId* sources = events.sources.data() + begin;
  const Real* scale = events.scale.data() + begin;
  TeamArrivals<Real>& arrivals = scratch.arrivals;
  for (std::size_t k = 0; k < size; ++k) {
    const std::size_t position = positions[k];
    arrivals.offset[lane][k] = offset_of[sources[position]];
    arrivals.scale[lane][k] = scale[position];
  }
  if (!arrivals.simultaneous) return size;
  // Among the arrivals at this block, the last one of an instant tests the threshold.
  for (std::size_t k = 0; k < size; ++k) {
    const std::size_t event = begin + positions[k];
    const std::size_t next = k + 1 < size ? begin + positions[k + 1] : events.next_reach(block, event + 1);
    const bool goes_on = next < events.sources.size() && events.instant[next] == events.instant[event];
    arrivals.threshold[lane][k] = goes_on ? std::numeric_limits<Real>::infinity() : arrivals.scale[lane][k];
  }
  return size;
}

/// The block's spikes of the slice, in the order of arrival.
template <class Real>
void LifLayer<Real>::collect_volleys(std::size_t lane, std::size_t arrivals, const Events& events,
                                     std::size_t begin, Scratch& scratch,
                                     std::vector<Volley>& volleys) const {
  const std::uint64_t* lanes = scratch.spikes.lanes[lane];
  const std::size_t count = list_nonzero_words({lanes, arrivals}, scratch.spiking);
  const std::size_t before = volleys.size();
  volleys.resize(before + count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t k = scratch.spiking[i];
    std::size_t event = begin + scratch.positions[lane][k];
    if (!events.instant.empty()) event = events.instant[event];
    volleys[before + i] = {lanes[k], events.first + static_cast<std::uint32_t>(event)};
  }
}

template <class Real>
void LifLayer<Real>::run_team(std::span<const std::uint32_t> team, const Events& events, Real* x,
                              std::span<std::vector<Volley>> volleys, LayerTimes* times) const {
  LapClock clock(times);
  thread_local const auto scratch = std::make_unique<Scratch>();
  TeamArrivals<Real>& arrivals = scratch->arrivals;
  arrivals.simultaneous = !events.instant.empty();
  for (std::size_t b = 0; b < team.size(); ++b) {
    std::copy_n(x + team[b] * kBlockLanes, kBlockLanes, scratch->x + b * kBlockLanes);
    std::copy_n(reset_.data() + team[b] * kBlockLanes, kBlockLanes, scratch->reset + b * kBlockLanes);
  }
  for (std::size_t begin = 0; begin < events.sources.size(); begin += kSliceArrivals) {
    std::size_t size[kTeamBlocks] = {};
    for (std::size_t b = 0; b < team.size(); ++b) {
      size[b] = select_arrivals(team[b], b, events, begin, *scratch);
    }
    arrivals.size = *std::max_element(std::begin(size), std::end(size));
    // What is left of the shorter lists is nothing, added at the latest threshold so far.
    const std::size_t last = std::min(begin + kSliceArrivals, events.sources.size()) - 1;
    for (std::size_t b = 0; b < kTeamBlocks; ++b) {
      for (std::size_t k = size[b]; k < arrivals.size; ++k) {
        arrivals.offset[b][k] = static_cast<std::uint32_t>(synapses_.zero_row());
        arrivals.scale[b][k] = arrivals.threshold[b][k] = events.scale[last];
      }
    }
    clock.lap(&LayerTimes::filtering);
    run_lif_team(arrivals, synapses_.weights().data(), scratch->reset, scratch->x, scratch->spikes);
    clock.lap(&LayerTimes::walking);
    for (std::size_t b = 0; b < team.size(); ++b) {
      collect_volleys(b, size[b], events, begin, *scratch, volleys[team[b]]);
    }
    clock.lap(&LayerTimes::ordering);
  }
  for (std::size_t b = 0; b < team.size(); ++b) {
    for (std::size_t lane = 0; lane < kBlockLanes; ++lane) {
      x[team[b] * kBlockLanes + lane] = scratch->x[b * kBlockLanes + lane] * events.rebase;
    }
  }
}

template <class Real>
typename LifLayer<Real>::Events LifLayer<Real>::frame_events(const SpikeTrain& arrivals, std::size_t first,
                                                             TimeMs start, TimeMs stop, bool last) const {
  const auto times = arrivals.times().subspan(first);
  const std::size_t size =
      last ? times.size()
           : static_cast<std::size_t>(std::lower_bound(times.begin(), times.end(), stop) - times.begin());
  Events events{.times = times.first(size),
                .sources = arrivals.sources().subspan(first, size),
                .first = static_cast<std::uint32_t>(first),
                .scale = std::vector<Real>(size),
                .instant = {},
                .rebase = static_cast<Real>(std::exp(-(stop - start) / tau_ms_)),
                .words = 0,
                .reach = {},
                .walking_order = {}};
  find_reach(events);
  std::vector<double> scale(size);
  for (std::size_t k = 0; k < size; ++k) scale[k] = (events.times[k] - start) / tau_ms_;
  exp_many(scale, scale);
  for (std::size_t k = 0; k < size; ++k) events.scale[k] = static_cast<Real>(scale[k]);
  if (std::adjacent_find(events.times.begin(), events.times.end()) == events.times.end()) return events;
  events.instant.resize(size);
  for (std::size_t k = size; k-- > 0;) {
    const bool tied = k + 1 < size && events.times[k] == events.times[k + 1];
    events.instant[k] = tied ? events.instant[k + 1] : static_cast<std::uint32_t>(k);
  }
  return events;
}

template <class Real>
void LifLayer<Real>::run(const SpikeTrain& arrivals, TimeMs duration, State& state, SpikeTrain& spikes,
                         LayerTimes* times) const {
  assert(state.size() == reset_.size());
  LapClock clock(times);
  const auto frames =
      std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(duration / (kFrame * tau_ms_))));
  std::vector<std::vector<Volley>> volleys(synapses_.blocks().size());
  std::size_t first = 0;
  for (std::size_t f = 0; f < frames; ++f) {
    const auto boundary = [&](std::size_t i) {
      return duration * static_cast<double>(i) / static_cast<double>(frames);
    };
    clock.skip();
    const Events events = frame_events(arrivals, first, boundary(f), boundary(f + 1), f + 1 == frames);
    clock.lap(&LayerTimes::filtering);
    const std::span order(events.walking_order);
    tbb::parallel_for(std::size_t{0}, (order.size() + kTeamBlocks - 1) / kTeamBlocks, [&](std::size_t team) {
      const std::size_t begin = team * kTeamBlocks;
      run_team(order.subspan(begin, std::min(kTeamBlocks, order.size() - begin)), events, state.data(),
               volleys, times);
    });
    first += events.sources.size();
  }
  clock.skip();
  order_volleys(arrivals.times(), volleys, spikes);
  clock.lap(&LayerTimes::ordering);
}

template class LifLayer<float>;
template class LifLayer<double>;

}  // namespace shallows
