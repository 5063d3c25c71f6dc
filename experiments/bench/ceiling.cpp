#include "experiments/bench/ceiling.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "experiments/bench/workload.hpp"
#include "sim/core/aligned_vector.hpp"

#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "experiments/bench/ceiling.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef SHALLOWS_EXPERIMENTS_BENCH_CEILING_SIZES_
#define SHALLOWS_EXPERIMENTS_BENCH_CEILING_SIZES_
namespace shallows {
inline constexpr std::size_t kCeilingRows = 40;
inline constexpr std::size_t kCeilingLanes = 128;  // 8 chains of 512 bits, measured best of 4 to 16
}  // namespace shallows
#endif

HWY_BEFORE_NAMESPACE();
namespace shallows::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Walks all rows so many times; returns how many vectors have seen a lane reach its threshold.
std::size_t walk(const float* HWY_RESTRICT weights, const float* HWY_RESTRICT scale, std::size_t rounds,
                 float* HWY_RESTRICT x) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  constexpr std::size_t kLanes = hn::MaxLanes(decltype(d)());
  constexpr std::size_t kChains = kLanes >= 16 ? kCeilingLanes / kLanes : 8;
  std::size_t reached = 0;
  for (std::size_t first = 0; first < kCeilingLanes; first += kChains * kLanes) {
    V state[kChains];
    hn::Mask<decltype(d)> any[kChains];
    for (std::size_t c = 0; c < kChains; ++c) {
      state[c] = hn::Load(d, x + first + c * kLanes);
      any[c] = hn::Lt(hn::Zero(d), hn::Zero(d));
    }
    for (std::size_t round = 0; round < rounds; ++round) {
      for (std::size_t k = 0; k < kCeilingRows; ++k) {
        const V now = hn::Set(d, scale[k]);
        const float* row = weights + k * kCeilingLanes + first;
        HWY_UNROLL(8)
        for (std::size_t c = 0; c < kChains; ++c) {
          state[c] = hn::MulAdd(hn::Load(d, row + c * kLanes), now, state[c]);
          any[c] = hn::Or(any[c], hn::Ge(state[c], now));
        }
      }
    }
    for (std::size_t c = 0; c < kChains; ++c) {
      reached += hn::CountTrue(d, any[c]);
      hn::Store(state[c], d, x + first + c * kLanes);
    }
  }
  return reached;
}

}  // namespace shallows::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shallows {

HWY_EXPORT(walk);

double ceiling_lanes_per_second() {
  constexpr std::size_t kRounds = 100;
  constexpr int kRepeats = 400;
  AlignedVector<float> weights(kCeilingRows * kCeilingLanes, -1e-4F);
  AlignedVector<float> x(kCeilingLanes, 0.0F);
  const AlignedVector<float> scale(kCeilingRows, 1.0F);
  double best = std::numeric_limits<double>::infinity();
  std::size_t reached = 0;
  for (int i = 0; i < kRepeats; ++i) {
    best = std::min(best, seconds([&] {
                      reached += HWY_DYNAMIC_DISPATCH(walk)(weights.data(), scale.data(), kRounds, x.data());
                    }));
  }
  // Negative weights reach nothing; asking keeps the compiler from leaving the compares out.
  return reached == 0 ? static_cast<double>(kRounds * kCeilingRows * kCeilingLanes) / best : 0.0;
}

}  // namespace shallows
#endif  // HWY_ONCE
