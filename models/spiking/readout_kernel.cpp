#include "models/spiking/readout_kernel.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <variant>

#include "models/spiking/readout_frame.hpp"
#include "sim/neurons/refractoriness.hpp"

// Only the baseline and the wide instruction sets are worth a copy.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/spiking/readout_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace shallows::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The voltages of a group stay in vector registers while it walks the arrivals of one frame.
template <class Real>
class GroupWalk {
 public:
  GroupWalk(const ReadoutGroup<Real>& group, const Teaching<Real>* teaching, const SpikeTrain& arrivals,
            std::vector<Spike>& spikes)
      : group_(group), teaching_(teaching), arrivals_(arrivals), spikes_(spikes) {}

  void run(const ReadoutFrame<Real>& frame) {
    if (teaching_ == nullptr) {
      run_by(NoRule(), frame);
    } else {
      std::visit([&](const auto& rule) { run_by(rule, frame); }, teaching_->rule);
    }
  }

 private:
  static constexpr hn::CappedTag<Real, kReadoutLanes> d{};
  using V = hn::Vec<decltype(d)>;
  using Mask = hn::Mask<decltype(d)>;
  static constexpr std::size_t kLanes = hn::MaxLanes(decltype(d)());
  static constexpr std::size_t kVectors = kReadoutLanes / kLanes;

  struct NoRule {};
  /// Whether a rule has the traces of single spikes to keep, before it learns and then.
  template <class Rule>
  static constexpr bool kKeepsTraces = EventRule<Rule>;

  template <class Rule>
  void run_by(const Rule& rule, const ReadoutFrame<Real>& frame) {
    const std::size_t plastic_from =
        teaching_ == nullptr ? frame.last : std::clamp(teaching_->from, frame.first, frame.last);
    if (group_.free_at != nullptr) {
      const std::size_t instant = walk<false, true>(rule, frame, frame.first, plastic_from, 0);
      walk<true, true>(rule, frame, plastic_from, frame.last, instant);
    } else {
      const std::size_t instant = walk<false, false>(rule, frame, frame.first, plastic_from, 0);
      walk<true, false>(rule, frame, plastic_from, frame.last, instant);
    }
  }

  /// Arrivals [begin, end), the first one at `instant`; returns the instant after them.
  template <bool kLearns, bool kRefractory, class Rule>
  HWY_INLINE std::size_t walk(const Rule& rule, const ReadoutFrame<Real>& frame, std::size_t begin,
                              std::size_t end, std::size_t instant) {
    constexpr Real kNotYet[] = {std::numeric_limits<Real>::infinity(), Real{0}};  // a table, not a branch
    const NeuronId* sources = arrivals_.sources().data();
    const TimeMs* times = arrivals_.times().data();
    const Real* weights = group_.weights;
    const std::size_t stride = group_.stride;
    V u[kVectors], gap[kVectors];
    [[maybe_unused]] Mask free[kVectors];
    // From when on these masks are out of date; the first arrival asks for them.
    [[maybe_unused]] TimeMs next_release = -std::numeric_limits<TimeMs>::infinity();
    for (std::size_t v = 0; v < kVectors; ++v) {
      u[v] = hn::LoadU(d, group_.u + v * kLanes);
      gap[v] = hn::LoadU(d, group_.gap + v * kLanes);
    }
    for (std::size_t k = begin; k < end; ++k) {
      const Real scale = frame.scale[instant];
      // The threshold is tested once all arrivals of the instant are in.
      const std::uint8_t is_end = frame.ends[k - frame.first];
      const V now = hn::Set(d, scale);
      const V test = hn::Set(d, scale + kNotYet[is_end]);
      const Real* row = weights + sources[k] * stride;
      if constexpr (kRefractory) {
        if (HWY_UNLIKELY(times[k] >= next_release)) next_release = release(times[k], free);
      }
      bool any = false;
      for (std::size_t v = 0; v < kVectors; ++v) {
        const V moved = hn::Add(u[v], hn::Mul(hn::Load(d, row + v * kLanes), now));
        auto spikes = hn::Ge(moved, hn::Mul(gap[v], test));
        if constexpr (kRefractory) {
          u[v] = hn::IfThenElse(free[v], moved, u[v]);
          spikes = hn::And(spikes, free[v]);
        } else {
          u[v] = moved;
        }
        any |= !hn::AllFalse(d, spikes);
      }
      if constexpr (kKeepsTraces<Rule>) {
        arrive<kLearns>(rule, sources[k], times[k]);
      } else if constexpr (kLearns && !std::is_same_v<Rule, NoRule>) {
        learn(rule, sources[k], frame.trace_decay[instant]);
      }
      if (HWY_UNLIKELY(any)) {
        for (std::size_t v = 0; v < kVectors; ++v) {
          auto spiked = hn::Ge(u[v], hn::Mul(gap[v], now));
          if constexpr (kRefractory) spiked = hn::And(spiked, free[v]);
          u[v] = hn::IfThenElse(spiked, hn::Mul(hn::Set(d, group_.reset), now), u[v]);
          record<kLearns, kRefractory>(rule, v, spiked, times[k], frame.trace_decay[instant]);
        }
        if constexpr (kRefractory) next_release = release(times[k], free);
      }
      instant += is_end;
    }
    for (std::size_t v = 0; v < kVectors; ++v) {
      hn::StoreU(u[v], d, group_.u + v * kLanes);
    }
    return instant;
  }

  /// Finds the lanes that an arrival at `time` finds free; returns from when on another one is.
  TimeMs release(TimeMs time, Mask* free) const {
    TimeMs next = std::numeric_limits<TimeMs>::infinity();
    Real is_free[kReadoutLanes];
    for (std::size_t lane = 0; lane < kReadoutLanes; ++lane) {
      const TimeMs from = counts_from(group_.free_at[lane]);
      is_free[lane] = static_cast<Real>(time >= from);
      if (time < from) next = std::min(next, from);
    }
    for (std::size_t v = 0; v < kVectors; ++v) {
      free[v] = hn::Gt(hn::LoadU(d, is_free + v * kLanes), hn::Zero(d));
    }
    return next;
  }

  template <bool kLearns, bool kRefractory, class Rule>
  void record(const Rule& rule, std::size_t v, Mask spiked, TimeMs time, Real trace_decay) {
    const Real jump = Real{1} / (static_cast<Real>(group_.trace_tau_ms) * trace_decay);
    std::uint8_t bits[8];
    hn::StoreMaskBits(d, spiked, bits);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      if ((bits[lane / 8] >> (lane % 8) & 1) == 0) continue;
      group_.trace[v * kLanes + lane] += jump;
      if constexpr (kRefractory) group_.free_at[v * kLanes + lane] = time + group_.refractory_ms;
      if constexpr (kKeepsTraces<Rule>) fire<kLearns>(rule, v * kLanes + lane, time);
      spikes_.push_back({time, group_.first + static_cast<NeuronId>(v * kLanes + lane)});
    }
  }

  /// What is known of a synapse at one of its events.
  SynapseEvent event_of(std::size_t source, std::size_t lane, TimeMs now) const {
    return {.pre = teaching_->pre[source],
            .post = teaching_->post[lane],
            .target_kHz = static_cast<double>(teaching_->target[lane]),
            .now = now,
            .lesson_from = teaching_->from_ms};
  }

  template <bool kLearns, class Rule>
  void arrive(const Rule& rule, NeuronId source, TimeMs time) const {
    if constexpr (kLearns) {
      Real* row = teaching_->weights + source * group_.stride;
      for (std::size_t lane = 0; lane < group_.neurons; ++lane)
        row[lane] =
            static_cast<Real>(rule.on_pre(static_cast<double>(row[lane]), event_of(source, lane, time)));
    }
    teaching_->pre[source].spike(time, teaching_->taus.pre_ms);
  }

  template <bool kLearns, class Rule>
  void fire(const Rule& rule, std::size_t lane, TimeMs time) const {
    if constexpr (kLearns) {
      Real* weight = teaching_->weights + lane;
      for (std::size_t source = 0; source < teaching_->pre.size(); ++source, weight += group_.stride)
        *weight = static_cast<Real>(rule.on_post(static_cast<double>(*weight), event_of(source, lane, time)));
    }
    teaching_->post[lane].spike(time, teaching_->taus.post_ms);
  }

  template <class Rule>
  HWY_INLINE void learn(const Rule& rule, NeuronId source, Real trace_decay) const {
    Real* row = teaching_->weights + source * group_.stride;
    const V decay = hn::Set(d, trace_decay);
    for (std::size_t v = 0; v < kVectors; ++v) {
      const V target = hn::LoadU(d, teaching_->target + v * kLanes);
      const V trace = hn::Mul(hn::LoadU(d, group_.trace + v * kLanes), decay);
      V weight = hn::Load(d, row + v * kLanes);
      rule.on_pre(weight.raw, target.raw, trace.raw);
      hn::Store(weight, d, row + v * kLanes);
    }
  }

  const ReadoutGroup<Real>& group_;
  const Teaching<Real>* teaching_;
  const SpikeTrain& arrivals_;
  std::vector<Spike>& spikes_;
};

void walk_float(const ReadoutGroup<float>& group, const Teaching<float>* teaching, const SpikeTrain& arrivals,
                const ReadoutFrame<float>& frame, std::vector<Spike>& spikes) {
  GroupWalk<float>(group, teaching, arrivals, spikes).run(frame);
}

void walk_double(const ReadoutGroup<double>& group, const Teaching<double>* teaching,
                 const SpikeTrain& arrivals, const ReadoutFrame<double>& frame, std::vector<Spike>& spikes) {
  GroupWalk<double>(group, teaching, arrivals, spikes).run(frame);
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

/// The end of a lesson, for rules that act at all events.
template <class Real>
void end_lesson(const ReadoutGroup<Real>& group, const Teaching<Real>& teaching, TimeMs duration) {
  std::visit(
      [&]<class Rule>(const Rule& rule) {
        if constexpr (EventRule<Rule>) {
          for (std::size_t source = 0; source < teaching.pre.size(); ++source) {
            Real* row = teaching.weights + source * group.stride;
            for (std::size_t lane = 0; lane < group.neurons; ++lane) {
              const SynapseEvent end{.pre = teaching.pre[source],
                                     .post = teaching.post[lane],
                                     .target_kHz = static_cast<double>(teaching.target[lane]),
                                     .now = duration,
                                     .lesson_from = teaching.from_ms};
              row[lane] = static_cast<Real>(rule.at_end(static_cast<double>(row[lane]), end));
            }
          }
          for (SpikeTrace& trace : teaching.pre) trace.restart(duration, teaching.taus.pre_ms);
        }
      },
      teaching.rule);
}

}  // namespace

template <class Real>
void run_readout_group(const ReadoutGroup<Real>& group, const SpikeTrain& arrivals, TimeMs duration,
                       const Teaching<Real>* teaching, std::vector<Spike>& spikes) {
  // Longest stretch between renormalisations of the un-decayed frames.
  const TimeMs length = 32.0 * std::min(group.tau_ms, group.trace_tau_ms);
  const auto times = arrivals.times();
  TimeMs origin = 0.0;
  thread_local ReadoutFrame<Real> frame;  // nothing below hands the thread to another task
  for (std::size_t k = 0; k < times.size();) {
    fill_frame(times, k, origin, length, group.tau_ms, group.trace_tau_ms, frame);
    walk(group, teaching, arrivals, frame, spikes);
    k = frame.last;
    if (k == times.size()) break;
    rebase(group, times[k] - origin);
    origin = times[k];
  }
  rebase(group, duration - origin);
  if (teaching != nullptr) end_lesson(group, *teaching, duration);
  if (group.free_at == nullptr) return;
  for (std::size_t lane = 0; lane < kReadoutLanes; ++lane) {
    group.free_at[lane] = refractory_left(group.free_at[lane], duration);
  }
}

template void run_readout_group<float>(const ReadoutGroup<float>&, const SpikeTrain&, TimeMs,
                                       const Teaching<float>*, std::vector<Spike>&);
template void run_readout_group<double>(const ReadoutGroup<double>&, const SpikeTrain&, TimeMs,
                                        const Teaching<double>*, std::vector<Spike>&);

}  // namespace shallows
#endif  // HWY_ONCE
