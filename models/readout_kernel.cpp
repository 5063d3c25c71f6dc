#include "models/readout_kernel.hpp"

#include <algorithm>
#include <cmath>

// Only the baseline and the wide instruction sets are worth a copy.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/readout_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace shallows::HWY_NAMESPACE {

template <class Real>
struct alignas(64) Lanes {
  Real at[kReadoutLanes];
};

/// Plain lane loops on purpose: the compiler turns each into vector instructions of the target.
template <class Real>
HWY_INLINE void run(const ReadoutGroup<Real>& group, const SpikeTrain& arrivals, TimeMs duration,
                    const Teaching<Real>* teaching, std::vector<Spike>& spikes) {
  // Longest stretch between renormalisations of the un-decayed frames.
  const TimeMs frame = 32.0 * std::min(group.tau_ms, group.trace_tau_ms);
  Lanes<Real> u, trace, target{};
  std::copy_n(group.u, kReadoutLanes, u.at);
  std::copy_n(group.trace, kReadoutLanes, trace.at);
  if (teaching != nullptr) std::copy_n(teaching->target, kReadoutLanes, target.at);
  TimeMs origin = 0.0;
  const auto rebase = [&](TimeMs time) {
    const auto decay_u = static_cast<Real>(std::exp(-(time - origin) / group.tau_ms));
    const auto decay_trace = static_cast<Real>(std::exp(-(time - origin) / group.trace_tau_ms));
    for (std::size_t lane = 0; lane < kReadoutLanes; ++lane) {
      u.at[lane] *= decay_u;
      trace.at[lane] *= decay_trace;
    }
    origin = time;
  };
  const TimeMs* times = arrivals.times().data();
  const NeuronId* sources = arrivals.sources().data();
  const std::size_t size = arrivals.size();
  const std::size_t plastic_from = teaching != nullptr ? teaching->from : size;
  for (std::size_t k = 0; k < size;) {
    const TimeMs time = times[k];
    if (time - origin > frame) rebase(time);
    const auto scale = static_cast<Real>(std::exp((time - origin) / group.tau_ms));
    const double trace_decay = std::exp(-(time - origin) / group.trace_tau_ms);
    if (k >= plastic_from) {
      const TeacherStdp<Real> rule = teaching->rule;
      Lanes<Real> trace_now;
      for (std::size_t lane = 0; lane < kReadoutLanes; ++lane) {
        trace_now.at[lane] = trace.at[lane] * static_cast<Real>(trace_decay);
      }
      for (; k < size && times[k] == time; ++k) {
        Real* row = teaching->weights + sources[k] * group.stride;
        for (std::size_t lane = 0; lane < kReadoutLanes; ++lane) {
          u.at[lane] += row[lane] * scale;
          row[lane] = rule.on_pre(row[lane], target.at[lane], trace_now.at[lane]);
        }
      }
    } else {
      for (; k < size && times[k] == time; ++k) {
        const Real* row = group.weights + sources[k] * group.stride;
        for (std::size_t lane = 0; lane < kReadoutLanes; ++lane) u.at[lane] += row[lane] * scale;
      }
    }
    bool any = false;
    for (std::size_t lane = 0; lane < kReadoutLanes; ++lane) any |= u.at[lane] >= group.gap[lane] * scale;
    if (!any) continue;
    const auto jump = static_cast<Real>(1.0 / (group.trace_tau_ms * trace_decay));
    for (std::size_t lane = 0; lane < kReadoutLanes; ++lane) {
      if (u.at[lane] < group.gap[lane] * scale) continue;
      u.at[lane] = group.reset * scale;
      trace.at[lane] += jump;
      spikes.push_back({time, group.first + static_cast<NeuronId>(lane)});
    }
  }
  rebase(duration);
  std::copy_n(u.at, kReadoutLanes, group.u);
  std::copy_n(trace.at, kReadoutLanes, group.trace);
}

void run_float(const ReadoutGroup<float>& group, const SpikeTrain& arrivals, TimeMs duration,
               const Teaching<float>* teaching, std::vector<Spike>& spikes) {
  run<float>(group, arrivals, duration, teaching, spikes);
}

void run_double(const ReadoutGroup<double>& group, const SpikeTrain& arrivals, TimeMs duration,
                const Teaching<double>* teaching, std::vector<Spike>& spikes) {
  run<double>(group, arrivals, duration, teaching, spikes);
}

}  // namespace shallows::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shallows {

HWY_EXPORT(run_float);
HWY_EXPORT(run_double);

template <>
void run_readout_group<float>(const ReadoutGroup<float>& group, const SpikeTrain& arrivals, TimeMs duration,
                              const Teaching<float>* teaching, std::vector<Spike>& spikes) {
  HWY_DYNAMIC_DISPATCH(run_float)(group, arrivals, duration, teaching, spikes);
}

template <>
void run_readout_group<double>(const ReadoutGroup<double>& group, const SpikeTrain& arrivals, TimeMs duration,
                               const Teaching<double>* teaching, std::vector<Spike>& spikes) {
  HWY_DYNAMIC_DISPATCH(run_double)(group, arrivals, duration, teaching, spikes);
}

}  // namespace shallows
#endif  // HWY_ONCE
