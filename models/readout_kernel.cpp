#include "models/readout_kernel.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>

#include "sim/exp_many.hpp"

// Only the baseline and the wide instruction sets are worth a copy.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/readout_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef SHALLOWS_MODELS_READOUT_KERNEL_INSTANT_
#define SHALLOWS_MODELS_READOUT_KERNEL_INSTANT_
namespace shallows {

/// Arrivals [first, last) share one instant.
struct Instant {
  std::size_t first;
  std::size_t last;
};

}  // namespace shallows
#endif

HWY_BEFORE_NAMESPACE();
namespace shallows::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The voltages of a group stay in vector registers while it walks the arrivals of one frame.
template <class Real>
class GroupWalk {
 public:
  GroupWalk(const ReadoutGroup<Real>& group, const Teaching<Real>* teaching, std::vector<Spike>& spikes)
      : group_(group), teaching_(teaching), spikes_(spikes) {}

  /// `scale` is exp(t / tau) and `trace_decay` exp(-t / tau_tr), t since the frame's start, one per instant.
  void run(const SpikeTrain& arrivals, std::span<const Instant> instants, std::span<const double> scale,
           std::span<const double> trace_decay) {
    V u[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) u[v] = hn::LoadU(d, group_.u + v * kLanes);
    const NeuronId* sources = arrivals.sources().data();
    const std::size_t plastic_from = teaching_ != nullptr ? teaching_->from : arrivals.size();
    for (std::size_t i = 0; i < instants.size(); ++i) {
      const V now = hn::Set(d, static_cast<Real>(scale[i]));
      const auto [first, last] = instants[i];
      for (std::size_t k = first; k < last; ++k) {
        const Real* row = group_.weights + sources[k] * group_.stride;
        for (std::size_t v = 0; v < kVectors; ++v)
          u[v] = hn::Add(u[v], hn::Mul(hn::Load(d, row + v * kLanes), now));
        if (first >= plastic_from) learn(sources[k], static_cast<Real>(trace_decay[i]));
      }
      bool any = false;
      for (std::size_t v = 0; v < kVectors; ++v) any |= !hn::AllFalse(d, hn::Ge(u[v], threshold(v, now)));
      if (!any) continue;
      const auto jump = static_cast<Real>(1.0 / (group_.trace_tau_ms * trace_decay[i]));
      for (std::size_t v = 0; v < kVectors; ++v) {
        const auto spiked = hn::Ge(u[v], threshold(v, now));
        u[v] = hn::IfThenElse(spiked, hn::Mul(hn::Set(d, group_.reset), now), u[v]);
        std::uint8_t bits[8];
        hn::StoreMaskBits(d, spiked, bits);
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
          if ((bits[lane / 8] >> (lane % 8) & 1) == 0) continue;
          group_.trace[v * kLanes + lane] += jump;
          spikes_.push_back(
              {arrivals.times()[first], group_.first + static_cast<NeuronId>(v * kLanes + lane)});
        }
      }
    }
    for (std::size_t v = 0; v < kVectors; ++v) hn::StoreU(u[v], d, group_.u + v * kLanes);
  }

 private:
  static constexpr hn::CappedTag<Real, kReadoutLanes> d{};
  using V = hn::Vec<decltype(d)>;
  static constexpr std::size_t kLanes = hn::MaxLanes(decltype(d)());
  static constexpr std::size_t kVectors = kReadoutLanes / kLanes;

  HWY_INLINE V threshold(std::size_t v, V now) const {
    return hn::Mul(hn::LoadU(d, group_.gap + v * kLanes), now);
  }

  /// Plain lane loop on purpose: the rule is written for one synapse, and the compiler makes vectors of it.
  HWY_INLINE void learn(NeuronId source, Real trace_decay) const {
    const TeacherStdp<Real> rule = teaching_->rule;
    const Real* HWY_RESTRICT target = teaching_->target;
    const Real* HWY_RESTRICT trace = group_.trace;
    Real* HWY_RESTRICT row = teaching_->weights + source * group_.stride;
    for (std::size_t lane = 0; lane < kReadoutLanes; ++lane) {
      row[lane] = rule.on_pre(row[lane], target[lane], trace[lane] * trace_decay);
    }
  }

  const ReadoutGroup<Real>& group_;
  const Teaching<Real>* teaching_;
  std::vector<Spike>& spikes_;
};

void walk_float(const ReadoutGroup<float>& group, const Teaching<float>* teaching, const SpikeTrain& arrivals,
                std::span<const Instant> instants, std::span<const double> scale,
                std::span<const double> trace_decay, std::vector<Spike>& spikes) {
  GroupWalk<float>(group, teaching, spikes).run(arrivals, instants, scale, trace_decay);
}

void walk_double(const ReadoutGroup<double>& group, const Teaching<double>* teaching,
                 const SpikeTrain& arrivals, std::span<const Instant> instants, std::span<const double> scale,
                 std::span<const double> trace_decay, std::vector<Spike>& spikes) {
  GroupWalk<double>(group, teaching, spikes).run(arrivals, instants, scale, trace_decay);
}

}  // namespace shallows::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shallows {
namespace {

HWY_EXPORT(walk_float);
HWY_EXPORT(walk_double);

template <class... Rest>
void walk(const ReadoutGroup<float>& group, Rest&&... rest) {
  HWY_DYNAMIC_DISPATCH(walk_float)(group, std::forward<Rest>(rest)...);
}

template <class... Rest>
void walk(const ReadoutGroup<double>& group, Rest&&... rest) {
  HWY_DYNAMIC_DISPATCH(walk_double)(group, std::forward<Rest>(rest)...);
}

/// Moves the frame's origin by `elapsed`.
template <class Real>
void rebase(const ReadoutGroup<Real>& group, TimeMs elapsed) {
  const auto decay_u = static_cast<Real>(std::exp(-elapsed / group.tau_ms));
  const auto decay_trace = static_cast<Real>(std::exp(-elapsed / group.trace_tau_ms));
  for (std::size_t lane = 0; lane < kReadoutLanes; ++lane) {
    group.u[lane] *= decay_u;
    group.trace[lane] *= decay_trace;
  }
}

}  // namespace

template <class Real>
void run_readout_group(const ReadoutGroup<Real>& group, const SpikeTrain& arrivals, TimeMs duration,
                       const Teaching<Real>* teaching, std::vector<Spike>& spikes) {
  // Longest stretch between renormalisations of the un-decayed frames.
  const TimeMs frame = 32.0 * std::min(group.tau_ms, group.trace_tau_ms);
  const auto times = arrivals.times();
  std::vector<Instant> instants;
  std::vector<double> exponents, scale, trace_decay;
  TimeMs origin = 0.0;
  for (std::size_t k = 0; k < times.size();) {
    instants.clear();
    exponents.clear();
    for (; k < times.size() && times[k] - origin <= frame;) {
      const std::size_t first = k;
      while (k < times.size() && times[k] == times[first]) ++k;
      instants.push_back({first, k});
      exponents.push_back((times[first] - origin) / group.tau_ms);
    }
    scale.resize(instants.size());
    trace_decay.resize(instants.size());
    exp_many(exponents, scale);
    for (std::size_t i = 0; i < instants.size(); ++i) {
      exponents[i] = -(times[instants[i].first] - origin) / group.trace_tau_ms;
    }
    exp_many(exponents, trace_decay);
    walk(group, teaching, arrivals, std::span<const Instant>(instants), std::span<const double>(scale),
         std::span<const double>(trace_decay), spikes);
    if (k == times.size()) break;
    rebase(group, times[k] - origin);
    origin = times[k];
  }
  rebase(group, duration - origin);
}

template void run_readout_group<float>(const ReadoutGroup<float>&, const SpikeTrain&, TimeMs,
                                       const Teaching<float>*, std::vector<Spike>&);
template void run_readout_group<double>(const ReadoutGroup<double>&, const SpikeTrain&, TimeMs,
                                        const Teaching<double>*, std::vector<Spike>&);

}  // namespace shallows
#endif  // HWY_ONCE
