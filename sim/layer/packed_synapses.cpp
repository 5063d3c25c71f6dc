#include "sim/layer/packed_synapses.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <type_traits>
#include <utility>

// Targets without a fused multiply-add would have to emulate it: one of them, the baseline, is enough.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/layer/packed_synapses.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "sim/vector/fused_multiply_add-inl.hpp"

#ifndef SHALLOWS_SIM_PACKED_SYNAPSES_INPUTS_
#define SHALLOWS_SIM_PACKED_SYNAPSES_INPUTS_
namespace shallows {

template <class Real>
struct RowsOfBlock {
  std::span<const NeuronId> sources;
  const Real* weights;
};

/// Inputs one after the other, and where the block's part of each one's result goes.
template <class Real>
struct Inputs {
  std::size_t count;
  const Real* x;
  std::size_t x_stride;
  Real* out;
  std::size_t out_stride;
};

}  // namespace shallows
#endif

HWY_BEFORE_NAMESPACE();
namespace shallows::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Walks the rows of one block for kInputs inputs at once: enough independent chains of multiply-adds to hide
/// the latency of each, and one load of a weight serves all.
template <std::size_t kInputs, class Real>
HWY_INLINE void multiply_inputs(const RowsOfBlock<Real>& block, const Inputs<Real>& inputs, const Real* x,
                                Real* out) {
  const hn::ScalableTag<Real> d;
  using V = hn::Vec<decltype(d)>;
  constexpr std::size_t kLanes = hn::MaxLanes(decltype(d)());
  constexpr std::size_t kVectors = 4;
  for (std::size_t first = 0; first < kBlockLanes; first += kVectors * kLanes) {
    V sum[kInputs][kVectors];
    for (auto& sums : sum) {
      for (V& one : sums) one = hn::Zero(d);
    }
    for (std::size_t row = 0; row < block.sources.size(); ++row) {
      const Real* weight = block.weights + row * kBlockLanes + first;
      const Real* value = x + block.sources[row];
      for (std::size_t c = 0; c < kVectors; ++c) {
        const V weights = hn::Load(d, weight + c * kLanes);
        for (std::size_t i = 0; i < kInputs; ++i) {
          sum[i][c] = fused_multiply_add(d, weights, hn::Set(d, value[i * inputs.x_stride]), sum[i][c]);
        }
      }
    }
    for (std::size_t i = 0; i < kInputs; ++i) {
      for (std::size_t c = 0; c < kVectors; ++c) {
        hn::StoreU(sum[i][c], d, out + i * inputs.out_stride + first + c * kLanes);
      }
    }
  }
}

template <class Real>
HWY_INLINE void multiply_block(const RowsOfBlock<Real>& block, const Inputs<Real>& inputs) {
  constexpr std::size_t kTogether = HWY_MAX_BYTES >= 64 ? 4 : 2;  // as the registers allow
  const auto multiply_from = [&](auto together, std::size_t k) {
    multiply_inputs<together()>(block, inputs, inputs.x + k * inputs.x_stride,
                                inputs.out + k * inputs.out_stride);
  };
  std::size_t k = 0;
  for (; k + kTogether <= inputs.count; k += kTogether) {
    multiply_from(std::integral_constant<std::size_t, kTogether>(), k);
  }
  for (; k < inputs.count; ++k) multiply_from(std::integral_constant<std::size_t, 1>(), k);
}

void multiply_float(const RowsOfBlock<float>& block, const Inputs<float>& inputs) {
  multiply_block(block, inputs);
}

void multiply_double(const RowsOfBlock<double>& block, const Inputs<double>& inputs) {
  multiply_block(block, inputs);
}

}  // namespace shallows::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shallows {
namespace {

HWY_EXPORT(multiply_float);
HWY_EXPORT(multiply_double);

void multiply(const RowsOfBlock<float>& block, const Inputs<float>& inputs) {
  HWY_DYNAMIC_DISPATCH(multiply_float)(block, inputs);
}

void multiply(const RowsOfBlock<double>& block, const Inputs<double>& inputs) {
  HWY_DYNAMIC_DISPATCH(multiply_double)(block, inputs);
}

constexpr std::uint32_t kNoRow = std::numeric_limits<std::uint32_t>::max();

}  // namespace

template <class Real>
PackedSynapses<Real>::PackedSynapses(const Synapses& synapses, std::span<const double> divisors,
                                     std::size_t cohort_blocks)
    : source_count_(synapses.source_count), lanes_(synapses.source_count, 0) {
  assert(divisors.size() == synapses.targets() && cohort_blocks > 0);
  const std::size_t cohort = cohort_blocks * kBlockLanes;
  for (std::size_t first = 0; first < synapses.targets(); first += cohort) {
    pack_cohort(synapses, divisors, first, std::min(first + cohort, synapses.targets()));
  }
}

/// Packs the targets from `first` to before `last`, which have one list of sources.
template <class Real>
void PackedSynapses<Real>::pack_cohort(const Synapses& synapses, std::span<const double> divisors,
                                       std::size_t first, std::size_t last) {
  std::vector<std::uint32_t> row_of(source_count_, kNoRow);
  for (std::size_t i = first; i < last; ++i) {
    for (const NeuronId source : synapses.sources_of(i)) row_of[source] = 0;
  }
  std::vector<NeuronId> sources;
  for (NeuronId source = 0; source < source_count_; ++source) {
    if (row_of[source] == kNoRow) continue;
    row_of[source] = static_cast<std::uint32_t>(sources.size());
    sources.push_back(source);
  }
  for (std::size_t begin = first; begin < last; begin += kBlockLanes) {
    const Block& block = blocks_.emplace_back(Block{.first_weight = weights_.size(), .sources = sources});
    weights_.resize(weights_.size() + sources.size() * kBlockLanes, Real{0});
    Real* weights = weights_.data() + block.first_weight;
    std::vector<bool> reaches(sources.size(), false);
    for (std::size_t i = begin; i < std::min(begin + kBlockLanes, last); ++i) {
      const auto values = synapses.weights_of(i);
      for (std::size_t s = 0; s < values.size(); ++s) {
        const std::size_t row = row_of[synapses.sources_of(i)[s]];
        weights[row * kBlockLanes + (i - begin)] =
            static_cast<Real>(static_cast<double>(values[s]) / divisors[i]);
        reaches[row] = true;
      }
    }
    for (std::size_t row = 0; row < sources.size(); ++row) {
      if (reaches[row]) lanes_[sources[row]] += kBlockLanes;
    }
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
  for (std::size_t b = 0; b < blocks_.size(); ++b) multiply_block(b, x, out);
}

template <class Real>
void PackedSynapses<Real>::multiply_many(std::span<const Real> xs, std::span<Real> outs) const {
  tbb::parallel_for(std::size_t{0}, blocks_.size(), [&](std::size_t b) { multiply_block(b, xs, outs); });
}

template <class Real>
void PackedSynapses<Real>::multiply_block(std::size_t b, std::span<const Real> xs,
                                          std::span<Real> outs) const {
  const std::size_t count = xs.size() / source_count_;
  assert(xs.size() == count * source_count_ && outs.size() == count * padded_targets());
  const RowsOfBlock<Real> block{.sources = blocks_[b].sources, .weights = weights(blocks_[b])};
  shallows::multiply(block, {.count = count,
                             .x = xs.data(),
                             .x_stride = source_count_,
                             .out = outs.data() + b * kBlockLanes,
                             .out_stride = padded_targets()});
}

template class PackedSynapses<float>;
template class PackedSynapses<double>;

}  // namespace shallows
#endif  // HWY_ONCE
