// Per-target header of the Highway kernels: masks of lanes, where the library takes a detour.
#if defined(SHALLOWS_SIM_MASKS_INL_HPP_) == defined(HWY_TARGET_TOGGLE)
#ifdef SHALLOWS_SIM_MASKS_INL_HPP_
#undef SHALLOWS_SIM_MASKS_INL_HPP_
#else
#define SHALLOWS_SIM_MASKS_INL_HPP_
#endif

#include <hwy/highway.h>

#include <cstdint>
#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace shallows::HWY_NAMESPACE {

/// Bit i is lane i's; at most 64 lanes.
template <class D, class M>
HWY_INLINE std::uint64_t bits_of([[maybe_unused]] D d, M mask) {
#if HWY_TARGET <= HWY_AVX3
  return mask.raw;  // StoreMaskBits() takes its address, which costs a second copy
#else
  std::uint8_t bytes[8] = {};
  hwy::HWY_NAMESPACE::StoreMaskBits(d, mask, bytes);
  std::uint64_t bits = 0;
  std::memcpy(&bits, bytes, sizeof(bits));
  return bits;
#endif
}

/// The lanes whose mask is true, at the front; those behind them are anything.
template <class D, class V, class M>
HWY_INLINE V compress([[maybe_unused]] D d, V v, M mask) {
#if HWY_TARGET <= HWY_AVX3
  // For 64-bit lanes, Highway 1.0 has a table instead, which GCC 12 copies to the stack each time.
  if constexpr (sizeof(V) == 64 && sizeof(hwy::HWY_NAMESPACE::TFromD<D>) == 8) {
    namespace hn = hwy::HWY_NAMESPACE;
    const hn::RebindToUnsigned<D> words;
    const auto packed = _mm512_maskz_compress_epi64(mask.raw, hn::BitCast(words, v).raw);
    return hn::BitCast(d, hn::VFromD<decltype(words)>{packed});
  }
#endif
  return hwy::HWY_NAMESPACE::Compress(v, mask);
}

}  // namespace shallows::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
