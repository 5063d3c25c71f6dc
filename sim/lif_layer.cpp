#include "sim/lif_layer.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

#include "sim/exp_many.hpp"

namespace shallows {
namespace {

/// Longest stretch, in units of tau, between renormalisations: exp(32) leaves float32 most of its range.
constexpr double kFrame = 32.0;
constexpr std::uint32_t kNoRow = std::numeric_limits<std::uint32_t>::max();

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
};

/// Working memory of one block. Kept by the thread: nothing below hands the thread to another task meanwhile.
template <class Real>
struct LifLayer<Real>::Scratch {
  std::vector<std::uint32_t> offset_of;  // by source; kNoRow where it does not reach the block
  std::vector<std::uint32_t> offsets;    // of the block's arrivals
  std::vector<std::uint32_t> events;     // their indices in the frame
  std::vector<Real> scales, thresholds;
  std::vector<std::uint64_t> bits;   // spikes, one row per arrival
  std::vector<std::uint32_t> words;  // those of `bits` that are not zero

  void fit(std::size_t arrivals) {
    if (offsets.size() > arrivals) return;
    const std::size_t room = arrivals + 1;  // filters write one past what they keep
    for (auto* v : {&offsets, &events}) v->resize(room);
    for (auto* v : {&scales, &thresholds}) v->resize(room);
    bits.resize(room * kBlockWords);
    words.resize(room * kBlockWords + 1);
  }
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
      reset_(synapses_.padded_targets(), Real{0}) {
  assert(applies(params, thresholds_mV, drives_mV_));
  for (std::size_t i = 0; i < size(); ++i) {
    reset_[i] = static_cast<Real>((params.reset_mV - drives_mV_[i]) / gaps_mV_[i]);
  }
}

template <class Real>
typename LifLayer<Real>::State LifLayer<Real>::initial_state(std::span<const double> v_mV) const {
  assert(v_mV.size() == size());
  State x(reset_.size(), Real{0});
  for (std::size_t i = 0; i < size(); ++i) x[i] = static_cast<Real>((v_mV[i] - drives_mV_[i]) / gaps_mV_[i]);
  return x;
}

/// The arrivals that reach the block, in their order.
template <class Real>
BlockArrivals<Real> LifLayer<Real>::select_arrivals(std::size_t b, const Events& events,
                                                    Scratch& scratch) const {
  const auto& block = synapses_.blocks()[b];
  scratch.offset_of.assign(synapses_.source_count(), kNoRow);
  for (std::size_t s = 0; s < block.sources.size(); ++s) {
    scratch.offset_of[block.sources[s]] = static_cast<std::uint32_t>(s * kBlockLanes);
  }
  scratch.fit(events.sources.size());
  std::size_t size = 0;
  for (std::size_t k = 0; k < events.sources.size(); ++k) {  // no branch: about a quarter pass, in no pattern
    const std::uint32_t offset = scratch.offset_of[events.sources[k]];
    scratch.offsets[size] = offset;
    scratch.events[size] = static_cast<std::uint32_t>(k);
    size += offset != kNoRow ? 1 : 0;
  }
  for (std::size_t k = 0; k < size; ++k) scratch.scales[k] = events.scale[scratch.events[k]];
  const Real* thresholds = scratch.scales.data();
  if (!events.instant
           .empty()) {  // among the arrivals at this block, the last one of an instant tests the threshold
    const auto instant = [&](std::size_t k) { return events.instant[scratch.events[k]]; };
    for (std::size_t k = 0; k < size; ++k) {
      const bool more_to_come = k + 1 < size && instant(k) == instant(k + 1);
      scratch.thresholds[k] = more_to_come ? std::numeric_limits<Real>::infinity() : scratch.scales[k];
    }
    thresholds = scratch.thresholds.data();
  }
  return {.size = size,
          .offset = scratch.offsets.data(),
          .scale = scratch.scales.data(),
          .threshold = thresholds};
}

/// Spike bits to spikes, in the order of arrival and neuron.
template <class Real>
void LifLayer<Real>::collect_spikes(std::size_t b, const Events& events, std::size_t arrivals,
                                    Scratch& scratch, std::vector<BlockSpike>& spikes) const {
  // Most words are zero, in no pattern: first find the others without a branch.
  std::size_t words = 0;
  std::size_t count = 0;
  for (std::size_t w = 0; w < arrivals * kBlockWords; ++w) {
    scratch.words[words] = static_cast<std::uint32_t>(w);
    words += scratch.bits[w] != 0 ? 1 : 0;
  }
  for (std::size_t i = 0; i < words; ++i) {
    count += static_cast<std::size_t>(std::popcount(scratch.bits[scratch.words[i]]));
  }
  const std::size_t before = spikes.size();
  spikes.resize(before + count);
  BlockSpike* out = spikes.data() + before;
  for (std::size_t i = 0; i < words; ++i) {
    const std::size_t w = scratch.words[i];
    std::uint32_t event = scratch.events[w / kBlockWords];
    if (!events.instant.empty()) event = events.instant[event];
    const std::size_t first = b * kBlockLanes + w % kBlockWords * 64;
    for (std::uint64_t left = scratch.bits[w]; left != 0; left &= left - 1) {
      const std::size_t neuron = first + static_cast<std::size_t>(std::countr_zero(left));
      *out++ = {events.first + event, static_cast<NeuronId>(neuron)};
    }
  }
}

template <class Real>
void LifLayer<Real>::run_block(std::size_t b, const Events& events, Real* x,
                               std::vector<BlockSpike>& spikes) const {
  thread_local Scratch scratch;
  const BlockArrivals<Real> arrivals = select_arrivals(b, events, scratch);
  Real* lanes = x + b * kBlockLanes;
  run_lif_block(arrivals, synapses_.weights(synapses_.blocks()[b]), reset_.data() + b * kBlockLanes, lanes,
                scratch.bits.data());
  for (std::size_t lane = 0; lane < kBlockLanes; ++lane) lanes[lane] *= events.rebase;
  collect_spikes(b, events, arrivals.size, scratch, spikes);
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
                .rebase = static_cast<Real>(std::exp(-(stop - start) / tau_ms_))};
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
void LifLayer<Real>::run(const SpikeTrain& arrivals, TimeMs duration, State& state,
                         SpikeTrain& spikes) const {
  assert(state.size() == reset_.size());
  const std::size_t blocks = synapses_.blocks().size();
  const auto frames =
      std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(duration / (kFrame * tau_ms_))));
  std::vector<std::vector<BlockSpike>> emitted(blocks);
  std::size_t first = 0;
  for (std::size_t f = 0; f < frames; ++f) {
    const auto boundary = [&](std::size_t i) {
      return duration * static_cast<double>(i) / static_cast<double>(frames);
    };
    const Events events = frame_events(arrivals, first, boundary(f), boundary(f + 1), f + 1 == frames);
    tbb::parallel_for(std::size_t{0}, blocks,
                      [&](std::size_t b) { run_block(b, events, state.data(), emitted[b]); });
    first += events.sources.size();
  }
  // Counting sort by arrival. Blocks come in the order of their neurons, and so do the spikes of one instant
  // in a block: the result is in (time, neuron) order.
  std::vector<std::uint32_t> end(arrivals.size() + 1, 0);
  std::size_t total = 0;
  for (const auto& block : emitted) {
    total += block.size();
    for (const BlockSpike& spike : block) ++end[spike.event + 1];
  }
  for (std::size_t k = 1; k < end.size(); ++k) end[k] += end[k - 1];
  spikes.assign_sorted(total, [&](std::span<TimeMs> times, std::span<NeuronId> neurons) {
    for (const auto& block : emitted) {
      for (const BlockSpike& spike : block) {
        const std::uint32_t place = end[spike.event]++;
        times[place] = arrivals.times()[spike.event];
        neurons[place] = spike.neuron;
      }
    }
  });
}

template class LifLayer<float>;
template class LifLayer<double>;

}  // namespace shallows
