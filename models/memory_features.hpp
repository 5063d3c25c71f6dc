// What a memory's rows are made of: pixels, or the rectified responses of a bank of receptive fields.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "encoders/receptive_fields.hpp"
#include "models/memory_params.hpp"
#include "sim/packed_synapses.hpp"

namespace shallows {

/// x = pixels by MemoryParams::input; with a bank, of patch x_p at place p
///
///     c_p = (x_p - mean(x_p)) / sqrt(var(x_p) + contrast_floor^2)   or x_p itself
///     f_i = pooled over shifts s: relu(w_i . c_{p_i + s} - response_threshold), then ^ exponent
///
/// and with both signs the same of -w_i, in the second half of the features. Divisive normalisation as in
/// Heeger (1992), thresholds and averages over a region as in Coates, Lee and Ng (2011); a pooled field is a
/// complex cell over simple cells that differ in their place only.
class MemoryFeatures {
 public:
  MemoryFeatures(const MemoryParams& params, const ReceptiveFields* bank, ImageShape shape);

  std::size_t dimension() const { return dimension_; }
  /// Multiply-adds for one image.
  std::uint64_t operations() const { return operations_; }

  /// [image][dimension]. Computed in parallel (TBB); an image's features depend on nothing else.
  std::vector<float> of(std::span<const Image> images) const;

 private:
  /// The bank at one shift.
  struct Shifted {
    PackedSynapses<float> bank;
    std::vector<std::uint32_t> places;  ///< of the fields: row * width + column
  };

  void read_pixels(const Image& image, std::span<float> out) const;
  /// 1 / sqrt(variance + floor^2) of the patch at each place.
  void read_contrasts(std::span<const float> pixels, std::span<float> out) const;
  void pool(const Shifted& shifted, std::span<const float> responses, std::span<const float> contrasts,
            std::span<float> features) const;
  void finish(std::span<float> features) const;

  MemoryParams params_;
  ImageShape shape_;
  std::size_t patch_ = 0;
  std::size_t fields_ = 0;
  std::vector<Shifted> shifted_;  // none without a bank
  std::size_t dimension_;
  std::uint64_t operations_ = 0;
};

}  // namespace shallows
