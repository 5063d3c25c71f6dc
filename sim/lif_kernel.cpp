#include "sim/lif_kernel.hpp"

#include <cmath>
#include <cstring>

// Targets without a fused multiply-add would have to emulate it: one of them, the baseline, is enough.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/lif_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "sim/fused_multiply_add-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace shallows::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class Real>
HWY_INLINE void run_block(const BlockArrivals<Real>& arrivals, const Real* HWY_RESTRICT weights,
                          const Real* HWY_RESTRICT reset, Real* HWY_RESTRICT x,
                          std::uint64_t* HWY_RESTRICT spikes) {
  const hn::ScalableTag<Real> d;
  using V = hn::Vec<decltype(d)>;
  constexpr std::size_t kLanes = hn::MaxLanes(decltype(d)());
  // Several independent chains of multiply-adds hide the latency of each; together they stay in registers.
  constexpr std::size_t kChains = 8;
  constexpr std::size_t kGroup = kChains * kLanes;
  static_assert(kBlockLanes % kGroup == 0);
  auto* bytes = reinterpret_cast<std::uint8_t*>(spikes);
  for (std::size_t first = 0; first < kBlockLanes; first += kGroup) {
    V state[kChains];
    for (std::size_t c = 0; c < kChains; ++c) state[c] = hn::Load(d, x + first + c * kLanes);
    for (std::size_t k = 0; k < arrivals.size; ++k) {
      const V scale = hn::Set(d, arrivals.scale[k]);
      const V threshold = hn::Set(d, arrivals.threshold[k]);
      const Real* row = weights + arrivals.offset[k] + first;
      std::uint8_t* out = bytes + k * (kBlockLanes / 8) + first / 8;
      std::uint64_t narrow = 0;  // spike bits of vectors with less than 8 lanes
      HWY_UNROLL(kChains)
      for (std::size_t c = 0; c < kChains; ++c) {
        const V moved = fused_multiply_add(d, hn::Load(d, row + c * kLanes), scale, state[c]);
        const auto spiked = hn::Ge(moved, threshold);
        const V after = hn::Mul(hn::Load(d, reset + first + c * kLanes), scale);
        state[c] = hn::IfThenElse(spiked, after, moved);
        if constexpr (kLanes >= 8) {
          hn::StoreMaskBits(d, spiked, out + c * kLanes / 8);
        } else {
          std::uint8_t bits[8];
          hn::StoreMaskBits(d, spiked, bits);
          narrow |= std::uint64_t{bits[0]} << (c * kLanes);
        }
      }
      if constexpr (kLanes < 8) std::memcpy(out, &narrow, kGroup / 8);
    }
    for (std::size_t c = 0; c < kChains; ++c) hn::Store(state[c], d, x + first + c * kLanes);
  }
}

void run_float(const BlockArrivals<float>& arrivals, const float* weights, const float* reset, float* x,
               std::uint64_t* spikes) {
  run_block<float>(arrivals, weights, reset, x, spikes);
}

void run_double(const BlockArrivals<double>& arrivals, const double* weights, const double* reset, double* x,
                std::uint64_t* spikes) {
  run_block<double>(arrivals, weights, reset, x, spikes);
}

std::string describe_vector() {
  return std::string(hwy::TargetName(HWY_TARGET)) + " (" +
         std::to_string(hn::Lanes(hn::ScalableTag<float>())) + " floats)";
}

}  // namespace shallows::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shallows {

HWY_EXPORT(run_float);
HWY_EXPORT(run_double);
HWY_EXPORT(describe_vector);

template <>
void run_lif_block<float>(const BlockArrivals<float>& arrivals, const float* weights, const float* reset,
                          float* x, std::uint64_t* spikes) {
  HWY_DYNAMIC_DISPATCH(run_float)(arrivals, weights, reset, x, spikes);
}

template <>
void run_lif_block<double>(const BlockArrivals<double>& arrivals, const double* weights, const double* reset,
                           double* x, std::uint64_t* spikes) {
  HWY_DYNAMIC_DISPATCH(run_double)(arrivals, weights, reset, x, spikes);
}

template <class Real>
void run_lif_block_scalar(const BlockArrivals<Real>& arrivals, const Real* weights, const Real* reset,
                          Real* x, std::uint64_t* spikes) {
  for (std::size_t k = 0; k < arrivals.size; ++k) {
    for (std::size_t word = 0; word < kBlockWords; ++word) spikes[k * kBlockWords + word] = 0;
    for (std::size_t lane = 0; lane < kBlockLanes; ++lane) {
      x[lane] = std::fma(weights[arrivals.offset[k] + lane], arrivals.scale[k], x[lane]);
      if (x[lane] < arrivals.threshold[k]) continue;
      x[lane] = reset[lane] * arrivals.scale[k];
      spikes[k * kBlockWords + lane / 64] |= std::uint64_t{1} << (lane % 64);
    }
  }
}

template void run_lif_block_scalar<float>(const BlockArrivals<float>&, const float*, const float*, float*,
                                          std::uint64_t*);
template void run_lif_block_scalar<double>(const BlockArrivals<double>&, const double*, const double*,
                                           double*, std::uint64_t*);

std::string lif_kernel_vector() { return HWY_DYNAMIC_DISPATCH(describe_vector)(); }

}  // namespace shallows
#endif  // HWY_ONCE
