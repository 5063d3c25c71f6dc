#include "sim/packed_synapses.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <type_traits>
#include <utility>

// Targets without a fused multiply-add would have to emulate it: one of them, the baseline, is enough.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/packed_synapses.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "sim/fused_multiply_add-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace shallows::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// kCount images at once, so that a weight in a register serves them all. Every sum runs over the rows in
/// order, whatever kCount is.
template <std::size_t kCount, class Real>
HWY_INLINE void multiply_block(const NeuronId* HWY_RESTRICT sources, std::size_t rows,
                               const Real* HWY_RESTRICT weights, const Real* HWY_RESTRICT xs,
                               std::size_t x_stride, Real* HWY_RESTRICT outs, std::size_t out_stride) {
  const hn::ScalableTag<Real> d;
  using V = hn::Vec<decltype(d)>;
  constexpr std::size_t kLanes = hn::MaxLanes(decltype(d)());
  constexpr std::size_t kChains = kCount == 1 ? 8 : 4;
  for (std::size_t first = 0; first < kBlockLanes; first += kChains * kLanes) {
    V sum[kCount][kChains];
    for (auto& chains : sum) {
      for (V& chain : chains) chain = hn::Zero(d);
    }
    for (std::size_t row = 0; row < rows; ++row) {
      const Real* weight = weights + row * kBlockLanes + first;
      HWY_UNROLL(4)
      for (std::size_t k = 0; k < kCount; ++k) {
        const V value = hn::Set(d, xs[k * x_stride + sources[row]]);
        HWY_UNROLL(8)
        for (std::size_t c = 0; c < kChains; ++c) {
          sum[k][c] = fused_multiply_add(d, hn::Load(d, weight + c * kLanes), value, sum[k][c]);
        }
      }
    }
    for (std::size_t k = 0; k < kCount; ++k) {
      for (std::size_t c = 0; c < kChains; ++c)
        hn::StoreU(sum[k][c], d, outs + k * out_stride + first + c * kLanes);
    }
  }
}

template <class Real>
HWY_INLINE void multiply_images(const NeuronId* sources, std::size_t rows, const Real* weights,
                                const Real* xs, std::size_t x_stride, Real* outs, std::size_t out_stride,
                                std::size_t count) {
  constexpr std::size_t kTogether = HWY_MAX_BYTES >= 64 ? 4 : 2;  // as the registers allow
  std::size_t k = 0;
  for (; k + kTogether <= count; k += kTogether) {
    multiply_block<kTogether>(sources, rows, weights, xs + k * x_stride, x_stride, outs + k * out_stride,
                              out_stride);
  }
  for (; k < count; ++k) {
    multiply_block<1>(sources, rows, weights, xs + k * x_stride, x_stride, outs + k * out_stride, out_stride);
  }
}

void multiply_float(const NeuronId* sources, std::size_t rows, const float* weights, const float* xs,
                    std::size_t x_stride, float* outs, std::size_t out_stride, std::size_t count) {
  multiply_images(sources, rows, weights, xs, x_stride, outs, out_stride, count);
}

void multiply_double(const NeuronId* sources, std::size_t rows, const double* weights, const double* xs,
                     std::size_t x_stride, double* outs, std::size_t out_stride, std::size_t count) {
  multiply_images(sources, rows, weights, xs, x_stride, outs, out_stride, count);
}

}  // namespace shallows::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shallows {
namespace {

HWY_EXPORT(multiply_float);
HWY_EXPORT(multiply_double);

/// `count` vectors x through one block; its part of each result starts at `outs`.
template <class Real>
void multiply(const typename PackedSynapses<Real>::Block& block, const Real* weights, const Real* xs,
              std::size_t x_stride, Real* outs, std::size_t out_stride, std::size_t count) {
  if constexpr (std::is_same_v<Real, float>) {
    HWY_DYNAMIC_DISPATCH(multiply_float)
    (block.sources.data(), block.sources.size(), weights, xs, x_stride, outs, out_stride, count);
  } else {
    HWY_DYNAMIC_DISPATCH(multiply_double)
    (block.sources.data(), block.sources.size(), weights, xs, x_stride, outs, out_stride, count);
  }
}

constexpr std::uint32_t kNoRow = std::numeric_limits<std::uint32_t>::max();

}  // namespace

template <class Real>
PackedSynapses<Real>::PackedSynapses(const Synapses& synapses, std::span<const double> divisors)
    : source_count_(synapses.source_count), lanes_(synapses.source_count, 0) {
  assert(divisors.size() == synapses.targets());
  std::vector<std::uint32_t> row_of(source_count_);
  for (std::size_t first = 0; first < synapses.targets(); first += kBlockLanes) {
    const std::size_t last = std::min(first + kBlockLanes, synapses.targets());
    Block block{.first_weight = weights_.size(), .sources = {}};
    std::fill(row_of.begin(), row_of.end(), kNoRow);
    for (std::size_t i = first; i < last; ++i) {
      for (const NeuronId source : synapses.sources_of(i)) row_of[source] = 0;
    }
    for (NeuronId source = 0; source < source_count_; ++source) {
      if (row_of[source] == kNoRow) continue;
      row_of[source] = static_cast<std::uint32_t>(block.sources.size());
      block.sources.push_back(source);
      lanes_[source] += kBlockLanes;
    }
    weights_.resize(weights_.size() + block.sources.size() * kBlockLanes, Real{0});
    Real* weights = weights_.data() + block.first_weight;
    for (std::size_t i = first; i < last; ++i) {
      const auto sources = synapses.sources_of(i);
      const auto values = synapses.weights_of(i);
      for (std::size_t s = 0; s < sources.size(); ++s) {
        weights[row_of[sources[s]] * kBlockLanes + (i - first)] =
            static_cast<Real>(static_cast<double>(values[s]) / divisors[i]);
      }
    }
    blocks_.push_back(std::move(block));
  }
}

template <class Real>
std::vector<Real> PackedSynapses<Real>::unpack(const Synapses& synapses) const {
  std::vector<Real> values;
  values.reserve(synapses.sources.size());
  for (std::size_t i = 0; i < synapses.targets(); ++i) {
    const Block& block = blocks_[i / kBlockLanes];
    for (const NeuronId source : synapses.sources_of(i)) {
      const auto found = std::lower_bound(block.sources.begin(), block.sources.end(), source);
      assert(found != block.sources.end() && *found == source);
      const auto row = static_cast<std::size_t>(found - block.sources.begin());
      values.push_back(weights(block)[row * kBlockLanes + i % kBlockLanes]);
    }
  }
  return values;
}

template <class Real>
void PackedSynapses<Real>::multiply(std::span<const Real> x, std::span<Real> out) const {
  assert(x.size() == source_count_ && out.size() == padded_targets());
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    shallows::multiply<Real>(blocks_[b], weights(blocks_[b]), x.data(), x.size(),
                             out.data() + b * kBlockLanes, out.size(), 1);
  }
}

template <class Real>
void PackedSynapses<Real>::multiply_many(std::span<const Real> xs, std::span<Real> outs) const {
  const std::size_t count = xs.size() / source_count_;
  assert(xs.size() == count * source_count_ && outs.size() == count * padded_targets());
  tbb::parallel_for(std::size_t{0}, blocks_.size(), [&](std::size_t b) {
    shallows::multiply<Real>(blocks_[b], weights(blocks_[b]), xs.data(), source_count_,
                             outs.data() + b * kBlockLanes, padded_targets(), count);
  });
}

template class PackedSynapses<float>;
template class PackedSynapses<double>;

}  // namespace shallows
#endif  // HWY_ONCE
