#include "sim/lif_layer.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

#include "sim/lif_kernel.hpp"

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
  std::span<const NeuronId> sources;
  std::vector<Real> scale;      // exp(t / tau), t since the frame's start
  std::vector<Real> threshold;  // the same, or infinity where the next arrival is simultaneous
  Real rebase;                  // exp(-frame / tau): from this frame's origin to the next one's
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

template <class Real>
void LifLayer<Real>::run_block(std::size_t b, const Events& events, Real* x,
                               std::vector<BlockSpike>& spikes) const {
  // Scratch of this thread; nothing below hands the thread to another task.
  thread_local std::vector<std::uint32_t> offset_of, offsets, event_of;
  thread_local std::vector<Real> scales, thresholds;
  thread_local std::vector<std::uint64_t> bits;
  const auto& block = synapses_.blocks()[b];
  offset_of.assign(synapses_.source_count(), kNoRow);
  for (std::size_t s = 0; s < block.sources.size(); ++s) {
    offset_of[block.sources[s]] = static_cast<std::uint32_t>(s * kBlockLanes);
  }
  const std::size_t all = events.sources.size();
  if (offsets.size() < all + 1) {
    for (auto* v : {&offsets, &event_of}) v->resize(all + 1);
    for (auto* v : {&scales, &thresholds}) v->resize(all + 1);
    bits.resize((all + 1) * kBlockWords);
  }
  std::size_t size = 0;
  for (std::size_t k = 0; k < all; ++k) {  // without a branch: about a quarter pass, in no pattern
    const std::uint32_t offset = offset_of[events.sources[k]];
    offsets[size] = offset;
    scales[size] = events.scale[k];
    thresholds[size] = events.threshold[k];
    event_of[size] = static_cast<std::uint32_t>(k);
    size += offset != kNoRow ? 1 : 0;
  }
  const BlockArrivals<Real> arrivals{
      .size = size, .offset = offsets.data(), .scale = scales.data(), .threshold = thresholds.data()};
  Real* lanes = x + b * kBlockLanes;
  run_lif_block(arrivals, synapses_.weights(block), reset_.data() + b * kBlockLanes, lanes, bits.data());
  for (std::size_t lane = 0; lane < kBlockLanes; ++lane) lanes[lane] *= events.rebase;
  for (std::size_t k = 0; k < size; ++k) {
    for (std::size_t word = 0; word < kBlockWords; ++word) {
      for (std::uint64_t left = bits[k * kBlockWords + word]; left != 0; left &= left - 1) {
        const std::size_t lane = word * 64 + static_cast<std::size_t>(std::countr_zero(left));
        spikes.push_back({event_of[k], static_cast<NeuronId>(b * kBlockLanes + lane)});
      }
    }
  }
}

template <class Real>
void LifLayer<Real>::run(const SpikeTrain& arrivals, TimeMs duration, State& state,
                         SpikeTrain& spikes) const {
  assert(state.size() == reset_.size());
  const auto times = arrivals.times();
  const std::size_t frames =
      std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(duration / (kFrame * tau_ms_))));
  const TimeMs frame = duration / static_cast<double>(frames);
  std::vector<std::vector<BlockSpike>> emitted(synapses_.blocks().size());
  std::vector<std::uint32_t> end(arrivals.size() + 1, 0);  // end of each event's spikes in the output
  std::size_t total = 0;
  Events events;
  events.rebase = static_cast<Real>(std::exp(-frame / tau_ms_));
  std::size_t begin = 0;
  for (std::size_t f = 0; f < frames; ++f) {
    const TimeMs origin = static_cast<double>(f) * frame;
    const auto stop = f + 1 == frames
                          ? times.end()
                          : std::lower_bound(times.begin(), times.end(), static_cast<double>(f + 1) * frame);
    const auto last = static_cast<std::size_t>(stop - times.begin());
    events.sources = arrivals.sources().subspan(begin, last - begin);
    events.scale.resize(last - begin);
    events.threshold.resize(last - begin);
    for (std::size_t k = begin; k < last; ++k) {
      const bool tied = k + 1 < last && times[k] == times[k + 1];
      events.scale[k - begin] = static_cast<Real>(std::exp((times[k] - origin) / tau_ms_));
      events.threshold[k - begin] = tied ? std::numeric_limits<Real>::infinity() : events.scale[k - begin];
    }
    tbb::parallel_for(std::size_t{0}, synapses_.blocks().size(), [&](std::size_t b) {
      const std::size_t before = emitted[b].size();
      run_block(b, events, state.data(), emitted[b]);
      for (std::size_t i = before; i < emitted[b].size(); ++i)
        emitted[b][i].event += static_cast<std::uint32_t>(begin);
    });
    begin = last;
  }
  // Counting sort by event; blocks come in the order of their neurons, so ties end up in the order of the
  // neuron.
  for (const auto& block : emitted) {
    total += block.size();
    for (const BlockSpike& spike : block) ++end[spike.event + 1];
  }
  for (std::size_t k = 1; k < end.size(); ++k) end[k] += end[k - 1];
  spikes.assign_sorted(total, [&](std::span<TimeMs> out_times, std::span<NeuronId> out_neurons) {
    for (const auto& block : emitted) {
      for (const BlockSpike& spike : block) {
        const std::uint32_t place = end[spike.event]++;
        out_times[place] = times[spike.event];
        out_neurons[place] = spike.neuron;
      }
    }
  });
}

template class LifLayer<float>;
template class LifLayer<double>;

}  // namespace shallows
