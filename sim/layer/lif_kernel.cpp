#include "sim/layer/lif_kernel.hpp"

#include <cassert>
#include <cmath>
#include <cstring>

// Targets without a fused multiply-add would have to emulate it: one of them, the baseline, is enough.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/layer/lif_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "sim/vector/fused_multiply_add-inl.hpp"
#include "sim/vector/masks-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace shallows::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <std::size_t kBlocks, bool kSimultaneous, bool kRefractory, class Real>
HWY_INLINE void walk(const BlockWalk<Real>* HWY_RESTRICT team, std::size_t steps,
                     TeamLists<Real>& HWY_RESTRICT lists) {
  const hn::ScalableTag<Real> d;
  using V = hn::Vec<decltype(d)>;
  constexpr std::size_t kLanes = hn::MaxLanes(decltype(d)());
  constexpr std::size_t kVectors = kLanes == 1 ? 8 : 4;  // of each block at a time
  constexpr std::size_t kGroup = kVectors * kLanes;
  static_assert(kBlockLanes % kGroup == 0);
  for (std::size_t first = 0; first < kBlockLanes; first += kGroup) {
    const Real* weights[kBlocks];
    std::size_t next[kBlocks];
    V state[kBlocks][kVectors];
    V at_reset[kBlocks][kVectors];
    V free_from[kBlocks][kVectors];
    for (std::size_t b = 0; b < kBlocks; ++b) {
      weights[b] = team[b].weights + first;
      next[b] = team[b].next;
      for (std::size_t c = 0; c < kVectors; ++c) {
        state[b][c] = hn::Load(d, team[b].x + first + c * kLanes);
        at_reset[b][c] = hn::Load(d, team[b].reset + first + c * kLanes);
        if constexpr (kRefractory) free_from[b][c] = hn::Load(d, team[b].free_from + first + c * kLanes);
      }
    }
    for (std::size_t step = 0; step < steps; ++step) {
      HWY_UNROLL(kTeamBlocks)
      for (std::size_t b = 0; b < kBlocks; ++b) {
        const std::size_t k = next[b]++;
        const std::size_t entry = lists.entry[b][k];
        const V scale = hn::Set(d, lists.scale[entry]);
        const V threshold = kSimultaneous ? hn::Set(d, lists.threshold[b][k]) : scale;
        const V position = kRefractory ? hn::Set(d, lists.position[entry]) : scale;
        const V freed = kRefractory ? hn::Set(d, lists.free_from[entry]) : scale;
        const Real* row = weights[b] + lists.row[entry];
        auto* out = reinterpret_cast<std::uint8_t*>(&lists.spikes[b][k]) + first / 8;
        std::uint64_t narrow = 0;  // spike bits of vectors with less than 8 lanes
        HWY_UNROLL(8)
        for (std::size_t c = 0; c < kVectors; ++c) {
          V moved = fused_multiply_add(d, hn::Load(d, row + c * kLanes), scale, state[b][c]);
          auto spiked = hn::Ge(moved, threshold);
          if constexpr (kRefractory) {
            const auto free = hn::Ge(position, free_from[b][c]);
            moved = hn::IfThenElse(free, moved, state[b][c]);
            spiked = hn::And(spiked, free);
            free_from[b][c] = hn::IfThenElse(spiked, freed, free_from[b][c]);
          }
          const V after = hn::Mul(at_reset[b][c], scale);
          state[b][c] = hn::IfThenElse(spiked, after, moved);
          const std::uint64_t bits = bits_of(d, spiked);
          if constexpr (kLanes >= 8) {
            std::memcpy(out + c * kLanes / 8, &bits, kLanes / 8);
          } else {
            narrow |= bits << (c * kLanes);
          }
        }
        if constexpr (kLanes < 8) std::memcpy(out, &narrow, kGroup / 8);
      }
    }
    for (std::size_t b = 0; b < kBlocks; ++b) {
      for (std::size_t c = 0; c < kVectors; ++c) {
        hn::Store(state[b][c], d, team[b].x + first + c * kLanes);
        if constexpr (kRefractory) hn::Store(free_from[b][c], d, team[b].free_from + first + c * kLanes);
      }
    }
  }
}

template <std::size_t kBlocks, bool kRefractory, class Real>
HWY_INLINE void walk_blocks(const BlockWalk<Real>* team, std::size_t steps, TeamLists<Real>& lists) {
  if (lists.simultaneous) {
    walk<kBlocks, true, kRefractory>(team, steps, lists);
  } else {
    walk<kBlocks, false, kRefractory>(team, steps, lists);
  }
}

template <class Real>
HWY_INLINE void run_team(const BlockWalk<Real>* team, std::size_t blocks, std::size_t steps,
                         TeamLists<Real>& lists) {
  static_assert(kTeamBlocks == 3);
  if (lists.refractory) {
    if (blocks == 3) walk_blocks<3, true>(team, steps, lists);
    if (blocks == 2) walk_blocks<2, true>(team, steps, lists);
    if (blocks == 1) walk_blocks<1, true>(team, steps, lists);
  } else {
    if (blocks == 3) walk_blocks<3, false>(team, steps, lists);
    if (blocks == 2) walk_blocks<2, false>(team, steps, lists);
    if (blocks == 1) walk_blocks<1, false>(team, steps, lists);
  }
}

void run_float(const BlockWalk<float>* team, std::size_t blocks, std::size_t steps, TeamLists<float>& lists) {
  run_team(team, blocks, steps, lists);
}

void run_double(const BlockWalk<double>* team, std::size_t blocks, std::size_t steps,
                TeamLists<double>& lists) {
  run_team(team, blocks, steps, lists);
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
void run_lif_team<float>(std::span<const BlockWalk<float>> team, std::size_t steps, TeamLists<float>& lists) {
  assert(team.size() <= kTeamBlocks);
  HWY_DYNAMIC_DISPATCH(run_float)(team.data(), team.size(), steps, lists);
}

template <>
void run_lif_team<double>(std::span<const BlockWalk<double>> team, std::size_t steps,
                          TeamLists<double>& lists) {
  assert(team.size() <= kTeamBlocks);
  HWY_DYNAMIC_DISPATCH(run_double)(team.data(), team.size(), steps, lists);
}

template <class Real>
void run_lif_team_scalar(std::span<const BlockWalk<Real>> team, std::size_t steps, TeamLists<Real>& lists) {
  for (std::size_t b = 0; b < team.size(); ++b) {
    const BlockWalk<Real>& block = team[b];
    for (std::size_t k = block.next; k < block.next + steps; ++k) {
      const std::size_t entry = lists.entry[b][k];
      const Real* weights = block.weights + lists.row[entry];
      const Real scale = lists.scale[entry];
      const Real threshold = lists.simultaneous ? lists.threshold[b][k] : scale;
      std::uint64_t spiked = 0;
      for (std::size_t lane = 0; lane < kBlockLanes; ++lane) {
        if (lists.refractory && lists.position[entry] < block.free_from[lane]) continue;
        Real& state = block.x[lane];
        state = std::fma(weights[lane], scale, state);
        if (state < threshold) continue;
        state = block.reset[lane] * scale;
        if (lists.refractory) block.free_from[lane] = lists.free_from[entry];
        spiked |= std::uint64_t{1} << lane;
      }
      lists.spikes[b][k] = spiked;
    }
  }
}

template void run_lif_team_scalar<float>(std::span<const BlockWalk<float>>, std::size_t, TeamLists<float>&);
template void run_lif_team_scalar<double>(std::span<const BlockWalk<double>>, std::size_t,
                                          TeamLists<double>&);

std::string lif_kernel_vector() { return HWY_DYNAMIC_DISPATCH(describe_vector)(); }

}  // namespace shallows
#endif  // HWY_ONCE
