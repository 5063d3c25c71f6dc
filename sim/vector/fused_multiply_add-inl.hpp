// Per-target header of the Highway kernels: a * b + c with one rounding, whatever the machine, so that every
// instruction set gives the same bits.
#if defined(SHALLOWS_SIM_FUSED_MULTIPLY_ADD_INL_HPP_) == defined(HWY_TARGET_TOGGLE)
#ifdef SHALLOWS_SIM_FUSED_MULTIPLY_ADD_INL_HPP_
#undef SHALLOWS_SIM_FUSED_MULTIPLY_ADD_INL_HPP_
#else
#define SHALLOWS_SIM_FUSED_MULTIPLY_ADD_INL_HPP_
#endif

#include <hwy/highway.h>

#include <cmath>
#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace shallows::HWY_NAMESPACE {

template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE V fused_multiply_add([[maybe_unused]] D d, V a, V b, V c) {
  namespace hn = hwy::HWY_NAMESPACE;
#if HWY_NATIVE_FMA
  return hn::MulAdd(a, b, c);
#else
  using T = hn::TFromD<D>;
  HWY_ALIGN T a_lanes[hn::MaxLanes(d)], b_lanes[hn::MaxLanes(d)], c_lanes[hn::MaxLanes(d)];
  hn::Store(a, d, a_lanes);
  hn::Store(b, d, b_lanes);
  hn::Store(c, d, c_lanes);
  for (std::size_t i = 0; i < hn::Lanes(d); ++i) c_lanes[i] = std::fma(a_lanes[i], b_lanes[i], c_lanes[i]);
  return hn::Load(d, c_lanes);
#endif
}

}  // namespace shallows::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
