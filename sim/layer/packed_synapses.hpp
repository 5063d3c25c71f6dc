// Synapses laid out for vector kernels: targets in blocks of lanes, one row of weights for each source that
// reaches any target of the block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/core/aligned_vector.hpp"
#include "sim/core/synapses.hpp"

namespace shallows {

/// Targets per block.
inline constexpr std::size_t kBlockLanes = 64;

template <class Real>
class PackedSynapses {
 public:
  struct Block {
    std::size_t first_weight;
    std::vector<NeuronId> sources;  ///< ascending; row s of the block's weights belongs to sources[s]
  };

  /// Weights are divided by their target's divisor (one per target). So many consecutive blocks, a cohort,
  /// have the same sources: all that reach any of them, so that a source has the same row in each.
  PackedSynapses(const Synapses& synapses, std::span<const double> divisors, std::size_t cohort_blocks = 1);

  std::size_t source_count() const { return source_count_; }
  std::span<const Block> blocks() const { return blocks_; }
  std::size_t padded_targets() const { return blocks_.size() * kBlockLanes; }
  /// Row s, lane l is at s * kBlockLanes + l.
  const Real* weights(const Block& block) const { return weights_.data() + block.first_weight; }
  /// For learning. Lanes without a synapse must keep the weight 0.
  Real* weights(const Block& block) { return weights_.data() + block.first_weight; }
  /// The weights of `synapses`, of which these were made, as they are now.
  std::vector<Real> unpack(const Synapses& synapses) const;

  /// Lanes of the blocks that each source reaches; the synapses among them are the useful ones.
  std::span<const std::uint32_t> lanes() const { return lanes_; }
  std::size_t bytes() const { return weights_.size() * sizeof(Real); }

  /// out = W x, with one fused multiply-add per lane and row, rows in the order of their source. `out` holds
  /// padded_targets() values.
  void multiply(std::span<const Real> x, std::span<Real> out) const;
  /// The same for many x, one after the other in `xs`, as their results are in `outs`. Blocks run in parallel
  /// (TBB), each with its weights in the cache for all x.
  void multiply_many(std::span<const Real> xs, std::span<Real> outs) const;

 private:
  void pack_cohort(const Synapses& synapses, std::span<const double> divisors, std::size_t first,
                   std::size_t last);
  void multiply_block(std::size_t b, std::span<const Real> xs, std::span<Real> outs) const;

  std::size_t source_count_;
  std::vector<Block> blocks_;
  AlignedVector<Real> weights_;
  std::vector<std::uint32_t> lanes_;
};

}  // namespace shallows
