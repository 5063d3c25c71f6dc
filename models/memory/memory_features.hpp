// What a memory's rows are made of: pixels, or the rectified responses of a bank of receptive fields.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "encoders/receptive_fields.hpp"
#include "models/memory/memory_params.hpp"
#include "sim/layer/packed_synapses.hpp"

namespace shallows {

/// x = pixels by MemoryParams::input; with a bank
///
///     f_i = pooled over shifts s: relu(w_i . x at p_i + s), then ^ exponent
///
/// and with both signs the same of -w_i, in the second half of the features. A pooled field is a complex cell
/// over simple cells that differ in their place only; the mean over a region and both signs as in Coates, Lee
/// and Ng (2011).
class MemoryFeatures {
 public:
  MemoryFeatures(const MemoryParams& params, const ReceptiveFields* bank, ImageShape shape);

  std::size_t dimension() const { return dimension_; }
  /// Multiply-adds for one image.
  std::uint64_t operations() const { return operations_; }

  /// [image][dimension]. Computed in parallel (TBB); an image's features depend on nothing else.
  std::vector<float> of(std::span<const Image> images) const;

 private:
  void read_pixels(const Image& image, std::span<float> out) const;
  void pool(std::span<const float> responses, std::span<float> features) const;
  void finish(std::span<float> features) const;

  MemoryParams params_;
  std::size_t pixels_;
  std::size_t fields_ = 0;
  std::vector<PackedSynapses<float>> shifted_;  // the bank at each shift; none without a bank
  std::size_t dimension_;
  std::uint64_t operations_ = 0;
};

}  // namespace shallows
