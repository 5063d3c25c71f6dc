#include "sim/layer/lif_layer.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>
#include <cmath>
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
/// Of the masks that tell which blocks of a cohort, and which cohorts of a group, an arrival reaches.
constexpr std::size_t kMaskBits = 16;
static_assert(kCohortBlocks <= kMaskBits);

/// theta - I of every neuron.
std::vector<double> gaps(const std::vector<double>& thresholds_mV, const std::vector<double>& drives_mV) {
  std::vector<double> gap(thresholds_mV);
  for (std::size_t i = 0; i < gap.size(); ++i) gap[i] -= drives_mV[i];
  return gap;
}

}  // namespace

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

template <class Real>
Cohort<Real> LifLayer<Real>::cohort(std::size_t index, State& state) const {
  const std::size_t first = index * kCohortBlocks;
  const std::size_t blocks = std::min(kCohortBlocks, synapses_.blocks().size() - first);
  const auto lanes_of = [&](auto& values) {
    return std::span(values).subspan(first * kBlockLanes, blocks * kBlockLanes);
  };
  const std::size_t sources = synapses_.source_count();
  return {.index = index,
          .first_block = first,
          .blocks = blocks,
          .synapses = synapses_,
          .targets_of = std::span(targets_of_).subspan(index * sources, sources),
          .refractory_ms = refractory_ms_,
          .reset = lanes_of(reset_),
          .x = lanes_of(state.x),
          .free_at = refractory_ms_ > 0.0 ? lanes_of(state.refractory_left_ms) : std::span<TimeMs>()};
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

/// The arrivals from `first` up to `stop`, in the `last` frame to the end; `memory` holds what is computed.
template <class Real>
ArrivalFrame<Real> LifLayer<Real>::frame_of(const SpikeTrain& arrivals, std::size_t first, TimeMs start,
                                            TimeMs stop, bool last, Unordered& memory) const {
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
                "counts them in 26 bits); shorten the presentation, or choose the reference engine");
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
    const ArrivalFrame<Real> frame =
        frame_of(arrivals, first, boundary(f), boundary(f + 1), f + 1 == frames, unordered);
    clock.lap(&LayerTimes::filtering);
    tbb::parallel_for(std::size_t{0}, cohorts_,
                      [&](std::size_t c) { walk_cohort<Real>(cohort(c, state), frame, blocks, times); });
    first += frame.sources.size();
  }
  for (TimeMs& left : state.refractory_left_ms) left = refractory_left(left, duration);
}

template class LifLayer<float>;
template class LifLayer<double>;

}  // namespace shallows
