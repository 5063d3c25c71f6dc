#include "models/spiking/readout_frame.hpp"

#include <algorithm>

#include "sim/vector/exp_many.hpp"

// Only the baseline and the wide instruction sets are worth a copy.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/spiking/readout_frame.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "sim/vector/masks-inl.hpp"

#ifndef SHALLOWS_MODELS_READOUT_FRAME_SLACK_
#define SHALLOWS_MODELS_READOUT_FRAME_SLACK_
namespace shallows {

/// Elements that vector code may write past the end of a frame's.
inline constexpr std::size_t kInstantSlack = 8;

}  // namespace shallows
#endif

HWY_BEFORE_NAMESPACE();
namespace shallows::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Of `count` times in order, which are the last ones of their instant: ends[k] is 1 there and else 0; and
/// for each instant the time since `origin`. Returns the number of instants. There are kInstantSlack elements
/// more of `elapsed` and `ends`.
std::size_t find_instants(const TimeMs* times, std::size_t count, TimeMs origin, std::uint8_t* ends,
                          double* elapsed) {
  const hn::CappedTag<double, kInstantSlack> d;
  const hn::RebindToUnsigned<decltype(d)> d64;
  const hn::Rebind<std::uint8_t, decltype(d)> d8;
  constexpr std::size_t kLanes = hn::MaxLanes(decltype(d)());
  std::size_t instants = 0;
  std::size_t k = 0;
  for (; k + kLanes < count; k += kLanes) {
    const auto now = hn::LoadU(d, times + k);
    const auto is_end = hn::Lt(now, hn::LoadU(d, times + k + 1));
    hn::StoreU(compress(d, hn::Sub(now, hn::Set(d, origin)), is_end), d, elapsed + instants);
    instants += hwy::PopCount(bits_of(d, is_end));
    const auto ones = hn::And(hn::BitCast(d64, hn::VecFromMask(d, is_end)), hn::Set(d64, 1));
    hn::StoreU(hn::TruncateTo(d8, ones), d8, ends + k);
  }
  for (; k < count; ++k) {
    const auto is_end = static_cast<std::uint8_t>(k + 1 == count || times[k] < times[k + 1]);
    ends[k] = is_end;
    elapsed[instants] = times[k] - origin;
    instants += is_end;
  }
  return instants;
}

}  // namespace shallows::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shallows {

HWY_EXPORT(find_instants);

template <class Real>
void fill_frame(std::span<const TimeMs> times, std::size_t first, TimeMs origin, TimeMs length, double tau_ms,
                double trace_tau_ms, ReadoutFrame<Real>& frame) {
  const auto begin = times.begin() + static_cast<std::ptrdiff_t>(first);
  const auto stop =
      std::partition_point(begin, times.end(), [&](TimeMs time) { return time - origin <= length; });
  const auto last = static_cast<std::size_t>(stop - times.begin());
  frame.first = first;
  frame.last = last;
  const std::size_t room = last - first + kInstantSlack;
  if (frame.ends.size() < room) {
    frame.ends.resize(room);
    frame.elapsed.resize(room);
  }
  double* elapsed = frame.elapsed.data();
  const std::size_t instants = HWY_DYNAMIC_DISPATCH(find_instants)(times.data() + first, last - first, origin,
                                                                   frame.ends.data(), elapsed);
  frame.factor.resize(instants);
  const auto fill = [&](double rate, std::vector<Real>& factors) {
    for (std::size_t i = 0; i < instants; ++i) frame.factor[i] = elapsed[i] * rate;
    exp_many(frame.factor, frame.factor);
    factors.assign(frame.factor.begin(), frame.factor.end());
  };
  fill(1.0 / tau_ms, frame.scale);
  fill(-1.0 / trace_tau_ms, frame.trace_decay);
}

template void fill_frame<float>(std::span<const TimeMs>, std::size_t, TimeMs, TimeMs, double, double,
                                ReadoutFrame<float>&);
template void fill_frame<double>(std::span<const TimeMs>, std::size_t, TimeMs, TimeMs, double, double,
                                 ReadoutFrame<double>&);

}  // namespace shallows
#endif  // HWY_ONCE
