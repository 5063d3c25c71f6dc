#include "models/banks/learning/inhibition_kernel.hpp"

#include "models/banks/learning/recurrent_dynamics.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/banks/learning/inhibition_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace shallows::inhibition_kernel::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::CappedTag<float, kLanes> kTag{};
using V = hn::Vec<decltype(kTag)>;
constexpr std::size_t kVector = hn::MaxLanes(decltype(kTag)());

HWY_INLINE V activity(const float* potential, const float* threshold) {
  return hn::Max(hn::Zero(kTag), hn::Sub(hn::Load(kTag, potential), hn::Load(kTag, threshold)));
}

// Multiply and subtract are not fused, which not every instruction set could: the loads set the pace.
void take_steps(const Group& group, float* HWY_RESTRICT drive, float* HWY_RESTRICT scratch) {
  const std::size_t end = group.neurons * kLanes;
  float* HWY_RESTRICT potentials = scratch;
  float* HWY_RESTRICT active = scratch + end;
  const V share = hn::Set(kTag, static_cast<float>(kEulerStep));
  for (std::size_t v = 0; v < kLanes; v += kVector) {
    for (std::size_t i = v; i < end; i += kLanes) hn::Store(hn::Zero(kTag), kTag, potentials + i);
    for (int step = 0; step < kEulerSteps; ++step) {
      for (std::size_t i = v; i < end; i += kLanes)
        hn::Store(activity(potentials + i, group.thresholds + i), kTag, active + i);
      const float* HWY_RESTRICT lateral = group.lateral + v;
      for (std::size_t i = v; i < end; i += kLanes) {
        const V potential = hn::Load(kTag, potentials + i);
        V rate = hn::Sub(hn::Load(kTag, drive + i), potential);
        for (std::size_t j = v; j < end; j += kLanes, lateral += kLanes)
          rate = hn::Sub(rate, hn::Mul(hn::Load(kTag, active + j), hn::Load(kTag, lateral)));
        hn::Store(hn::Add(potential, hn::Mul(share, rate)), kTag, potentials + i);
      }
    }
    for (std::size_t i = v; i < end; i += kLanes)
      hn::Store(activity(potentials + i, group.thresholds + i), kTag, drive + i);
  }
}

}  // namespace shallows::inhibition_kernel::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shallows::inhibition_kernel {
namespace {

HWY_EXPORT(take_steps);

}  // namespace

void take_steps(const Group& group, float* drive, float* scratch) {
  HWY_DYNAMIC_DISPATCH(take_steps)(group, drive, scratch);
}

}  // namespace shallows::inhibition_kernel
#endif  // HWY_ONCE
