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

template <bool kSimultaneous, class Real>
HWY_INLINE void walk(const TeamArrivals<Real>& HWY_RESTRICT arrivals, const Real* HWY_RESTRICT weights,
                     const Real* HWY_RESTRICT reset, Real* HWY_RESTRICT x, TeamSpikes& HWY_RESTRICT spikes) {
  const hn::ScalableTag<Real> d;
  using V = hn::Vec<decltype(d)>;
  constexpr std::size_t kLanes = hn::MaxLanes(decltype(d)());
  constexpr std::size_t kVectors = kLanes == 1 ? 8 : 4;  // of each block at a time
  constexpr std::size_t kGroup = kVectors * kLanes;
  static_assert(kBlockLanes % kGroup == 0);
  for (std::size_t first = 0; first < kBlockLanes; first += kGroup) {
    V state[kTeamBlocks][kVectors];
    V at_reset[kTeamBlocks][kVectors];
    for (std::size_t b = 0; b < kTeamBlocks; ++b) {
      for (std::size_t c = 0; c < kVectors; ++c) {
        state[b][c] = hn::Load(d, x + b * kBlockLanes + first + c * kLanes);
        at_reset[b][c] = hn::Load(d, reset + b * kBlockLanes + first + c * kLanes);
      }
    }
    for (std::size_t k = 0; k < arrivals.size; ++k) {
      HWY_UNROLL(kTeamBlocks)
      for (std::size_t b = 0; b < kTeamBlocks; ++b) {
        const V scale = hn::Set(d, arrivals.scale[b][k]);
        const V threshold = kSimultaneous ? hn::Set(d, arrivals.threshold[b][k]) : scale;
        const Real* row = weights + arrivals.offset[b][k] + first;
        auto* out = reinterpret_cast<std::uint8_t*>(&spikes.lanes[b][k]) + first / 8;
        std::uint64_t narrow = 0;  // spike bits of vectors with less than 8 lanes
        HWY_UNROLL(8)
        for (std::size_t c = 0; c < kVectors; ++c) {
          const V moved = fused_multiply_add(d, hn::Load(d, row + c * kLanes), scale, state[b][c]);
          const auto spiked = hn::Ge(moved, threshold);
          const V after = hn::Mul(at_reset[b][c], scale);
          state[b][c] = hn::IfThenElse(spiked, after, moved);
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
    }
    for (std::size_t b = 0; b < kTeamBlocks; ++b) {
      for (std::size_t c = 0; c < kVectors; ++c) {
        hn::Store(state[b][c], d, x + b * kBlockLanes + first + c * kLanes);
      }
    }
  }
}

template <class Real>
HWY_INLINE void run_team(const TeamArrivals<Real>& arrivals, const Real* weights, const Real* reset, Real* x,
                         TeamSpikes& spikes) {
  if (arrivals.simultaneous) {
    walk<true>(arrivals, weights, reset, x, spikes);
  } else {
    walk<false>(arrivals, weights, reset, x, spikes);
  }
}

void run_float(const TeamArrivals<float>& arrivals, const float* weights, const float* reset, float* x,
               TeamSpikes& spikes) {
  run_team<float>(arrivals, weights, reset, x, spikes);
}

void run_double(const TeamArrivals<double>& arrivals, const double* weights, const double* reset, double* x,
                TeamSpikes& spikes) {
  run_team<double>(arrivals, weights, reset, x, spikes);
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
void run_lif_team<float>(const TeamArrivals<float>& arrivals, const float* weights, const float* reset,
                         float* x, TeamSpikes& spikes) {
  HWY_DYNAMIC_DISPATCH(run_float)(arrivals, weights, reset, x, spikes);
}

template <>
void run_lif_team<double>(const TeamArrivals<double>& arrivals, const double* weights, const double* reset,
                          double* x, TeamSpikes& spikes) {
  HWY_DYNAMIC_DISPATCH(run_double)(arrivals, weights, reset, x, spikes);
}

template <class Real>
void run_lif_team_scalar(const TeamArrivals<Real>& arrivals, const Real* weights, const Real* reset, Real* x,
                         TeamSpikes& spikes) {
  for (std::size_t b = 0; b < kTeamBlocks; ++b) {
    for (std::size_t k = 0; k < arrivals.size; ++k) {
      const Real scale = arrivals.scale[b][k];
      const Real threshold = arrivals.simultaneous ? arrivals.threshold[b][k] : scale;
      std::uint64_t spiked = 0;
      for (std::size_t lane = 0; lane < kBlockLanes; ++lane) {
        Real& state = x[b * kBlockLanes + lane];
        state = std::fma(weights[arrivals.offset[b][k] + lane], scale, state);
        if (state < threshold) continue;
        state = reset[b * kBlockLanes + lane] * scale;
        spiked |= std::uint64_t{1} << lane;
      }
      spikes.lanes[b][k] = spiked;
    }
  }
}

template void run_lif_team_scalar<float>(const TeamArrivals<float>&, const float*, const float*, float*,
                                         TeamSpikes&);
template void run_lif_team_scalar<double>(const TeamArrivals<double>&, const double*, const double*, double*,
                                          TeamSpikes&);

std::string lif_kernel_vector() { return HWY_DYNAMIC_DISPATCH(describe_vector)(); }

}  // namespace shallows
#endif  // HWY_ONCE
