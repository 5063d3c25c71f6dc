#include "sim/packed_synapses.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>
#include <limits>
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

template <class Real>
HWY_INLINE void multiply_block(const NeuronId* HWY_RESTRICT sources, std::size_t rows,
                               const Real* HWY_RESTRICT weights, const Real* HWY_RESTRICT x,
                               Real* HWY_RESTRICT out) {
  const hn::ScalableTag<Real> d;
  using V = hn::Vec<decltype(d)>;
  constexpr std::size_t kLanes = hn::MaxLanes(decltype(d)());
  constexpr std::size_t kChains = 8;
  for (std::size_t first = 0; first < kBlockLanes; first += kChains * kLanes) {
    V sum[kChains];
    for (std::size_t c = 0; c < kChains; ++c) sum[c] = hn::Zero(d);
    for (std::size_t row = 0; row < rows; ++row) {
      const V value = hn::Set(d, x[sources[row]]);
      const Real* weight = weights + row * kBlockLanes + first;
      HWY_UNROLL(kChains)
      for (std::size_t c = 0; c < kChains; ++c) {
        sum[c] = fused_multiply_add(d, hn::Load(d, weight + c * kLanes), value, sum[c]);
      }
    }
    for (std::size_t c = 0; c < kChains; ++c) hn::StoreU(sum[c], d, out + first + c * kLanes);
  }
}

void multiply_float(const NeuronId* sources, std::size_t rows, const float* weights, const float* x,
                    float* out) {
  multiply_block<float>(sources, rows, weights, x, out);
}

void multiply_double(const NeuronId* sources, std::size_t rows, const double* weights, const double* x,
                     double* out) {
  multiply_block<double>(sources, rows, weights, x, out);
}

}  // namespace shallows::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shallows {
namespace {

HWY_EXPORT(multiply_float);
HWY_EXPORT(multiply_double);

void multiply_one(const NeuronId* sources, std::size_t rows, const float* weights, const float* x,
                  float* out) {
  HWY_DYNAMIC_DISPATCH(multiply_float)(sources, rows, weights, x, out);
}

void multiply_one(const NeuronId* sources, std::size_t rows, const double* weights, const double* x,
                  double* out) {
  HWY_DYNAMIC_DISPATCH(multiply_double)(sources, rows, weights, x, out);
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
void PackedSynapses<Real>::multiply(std::span<const Real> x, std::span<Real> out) const {
  assert(x.size() == source_count_ && out.size() == padded_targets());
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    multiply_one(blocks_[b].sources.data(), blocks_[b].sources.size(), weights(blocks_[b]), x.data(),
                 out.data() + b * kBlockLanes);
  }
}

template <class Real>
void PackedSynapses<Real>::multiply_many(std::span<const Real> xs, std::span<Real> outs) const {
  const std::size_t count = xs.size() / source_count_;
  assert(xs.size() == count * source_count_ && outs.size() == count * padded_targets());
  tbb::parallel_for(std::size_t{0}, blocks_.size(), [&](std::size_t b) {
    for (std::size_t k = 0; k < count; ++k) {
      multiply_one(blocks_[b].sources.data(), blocks_[b].sources.size(), weights(blocks_[b]),
                   xs.data() + k * source_count_, outs.data() + k * padded_targets() + b * kBlockLanes);
    }
  });
}

template class PackedSynapses<float>;
template class PackedSynapses<double>;

}  // namespace shallows
#endif  // HWY_ONCE
