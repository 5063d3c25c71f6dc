#include "models/rate/layers/hidden_kernel.hpp"

#include "sim/layer/packed_synapses.hpp"

// Targets without a fused multiply-add would have to emulate it: one of them, the baseline, is enough.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/rate/layers/hidden_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "sim/vector/fused_multiply_add-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace shallows::hidden_kernel::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using shallows::HWY_NAMESPACE::fused_multiply_add;

constexpr hn::CappedTag<float, kLanes> kTag{};
using V = hn::Vec<decltype(kTag)>;
constexpr std::size_t kVector = hn::MaxLanes(decltype(kTag)());

/// out[k] = in[k] + in[k + step] + ... (`terms` of them) for `size` values k, rounded up to whole vectors.
HWY_INLINE void sum_shifted(const float* HWY_RESTRICT in, std::size_t step, std::size_t terms,
                            std::size_t size, float* HWY_RESTRICT out) {
  for (std::size_t k = 0; k < size; k += kVector) {
    V sum = hn::LoadU(kTag, in + k);
    for (std::size_t t = 1; t < terms; ++t) sum = hn::Add(sum, hn::LoadU(kTag, in + k + t * step));
    hn::StoreU(sum, kTag, out + k);
  }
}

void overlap(const Geometry& g, const float* HWY_RESTRICT a, const float* HWY_RESTRICT b,
             float* HWY_RESTRICT scratch, float* HWY_RESTRICT map) {
  const std::size_t plane = g.height * g.row;
  float* HWY_RESTRICT products = scratch;
  float* HWY_RESTRICT across = scratch + plane + g.patch + kLanes;
  for (std::size_t k = 0; k < plane; k += kVector) {
    V sum = hn::Mul(hn::LoadU(kTag, a + k), hn::LoadU(kTag, b + k));
    for (std::size_t c = 1; c < g.channels; ++c) {
      sum = hn::Add(sum, hn::Mul(hn::LoadU(kTag, a + c * plane + k), hn::LoadU(kTag, b + c * plane + k)));
    }
    hn::StoreU(sum, kTag, products + k);
  }
  for (std::size_t r = 0; r < g.height; ++r) {
    sum_shifted(products + r * g.row, 1, g.patch, g.map_row, across + r * g.map_row);
  }
  for (std::size_t r = 0; r < g.map_height; ++r) {
    sum_shifted(across + r * g.map_row, g.map_row, g.patch, g.map_row, map + r * g.map_row);
  }
}

// Lanes of a run's last vector that belong to the next runs are written over by these.
void correct(const Run* runs, std::size_t size, Rows maps, Rows steps, std::size_t count,
             const float* HWY_RESTRICT in, float* HWY_RESTRICT out) {
  for (std::size_t r = 0; r < size; ++r) {
    const std::size_t end = runs[r].first + runs[r].length;
    for (std::size_t first = runs[r].first; first < end; first += kLanes) {
      for (std::size_t v = first; v < first + kLanes; v += kVector) {
        V sum = hn::LoadU(kTag, in + v);
        const float* map = maps.data + runs[r].place;
        const float* step = steps.data + v;
        for (std::size_t i = 0; i < count; ++i, map += maps.stride, step += steps.stride) {
          sum = fused_multiply_add(kTag, hn::LoadU(kTag, step), hn::Set(kTag, *map), sum);
        }
        hn::StoreU(sum, kTag, out + v);
      }
    }
  }
}

/// -1 as a vector lane of set bits, 0 as one of none.
HWY_INLINE V lanes_of(const std::int8_t* mask) {
  constexpr hn::RebindToSigned<decltype(kTag)> wide;
  constexpr hn::Rebind<std::int8_t, decltype(kTag)> narrow;
  return hn::BitCast(kTag, hn::PromoteTo(wide, hn::LoadU(narrow, mask)));
}

/// kRows rows of weights, kVectors vectors of each, stay in registers over all images.
template <std::size_t kRows>
HWY_INLINE void add_to_rows(const NeuronId* HWY_RESTRICT sources, const std::int8_t* HWY_RESTRICT mask,
                            Rows xs, Rows steps, std::size_t count, float* HWY_RESTRICT weights) {
  constexpr std::size_t kVectors = 4;
  for (std::size_t first = 0; first < kBlockLanes; first += kVectors * kVector) {
    V sum[kRows][kVectors];
    for (std::size_t r = 0; r < kRows; ++r) {
      for (std::size_t v = 0; v < kVectors; ++v)
        sum[r][v] = hn::Load(kTag, weights + r * kBlockLanes + first + v * kVector);
    }
    for (std::size_t i = 0; i < count; ++i) {
      V step[kVectors];
      for (std::size_t v = 0; v < kVectors; ++v)
        step[v] = hn::LoadU(kTag, steps.data + i * steps.stride + first + v * kVector);
      HWY_UNROLL(4)
      for (std::size_t r = 0; r < kRows; ++r) {
        const V x = hn::Set(kTag, xs.data[i * xs.stride + sources[r]]);
        HWY_UNROLL(4)
        for (std::size_t v = 0; v < kVectors; ++v)
          sum[r][v] = fused_multiply_add(kTag, step[v], x, sum[r][v]);
      }
    }
    for (std::size_t r = 0; r < kRows; ++r) {
      for (std::size_t v = 0; v < kVectors; ++v) {
        const std::size_t at = r * kBlockLanes + first + v * kVector;
        hn::Store(hn::And(sum[r][v], lanes_of(mask + at)), kTag, weights + at);
      }
    }
  }
}

void add_products(const NeuronId* sources, std::size_t rows, const std::int8_t* mask, Rows xs, Rows steps,
                  std::size_t count, float* weights) {
  constexpr std::size_t kTogether = HWY_MAX_BYTES >= 64 ? 4 : 2;  // as the registers allow
  std::size_t row = 0;
  for (; row + kTogether <= rows; row += kTogether) {
    add_to_rows<kTogether>(sources + row, mask + row * kBlockLanes, xs, steps, count,
                           weights + row * kBlockLanes);
  }
  for (; row < rows; ++row) {
    add_to_rows<1>(sources + row, mask + row * kBlockLanes, xs, steps, count, weights + row * kBlockLanes);
  }
}

}  // namespace shallows::hidden_kernel::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shallows::hidden_kernel {
namespace {

HWY_EXPORT(overlap);
HWY_EXPORT(correct);
HWY_EXPORT(add_products);

}  // namespace

void overlap(const Geometry& geometry, const float* a, const float* b, float* scratch, float* map) {
  HWY_DYNAMIC_DISPATCH(overlap)(geometry, a, b, scratch, map);
}

void correct(std::span<const Run> runs, Rows maps, Rows steps, std::size_t count, const float* in,
             float* out) {
  HWY_DYNAMIC_DISPATCH(correct)(runs.data(), runs.size(), maps, steps, count, in, out);
}

void add_products(std::span<const NeuronId> sources, const std::int8_t* mask, Rows xs, Rows steps,
                  std::size_t count, float* weights) {
  HWY_DYNAMIC_DISPATCH(add_products)(sources.data(), sources.size(), mask, xs, steps, count, weights);
}

}  // namespace shallows::hidden_kernel
#endif  // HWY_ONCE
