// The inner loops of a hidden layer that learns (models/rate/layers/hidden_learner.hpp), compiled for each
// instruction set and chosen at run time. Each lane does the same operations in the same order on every
// machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sim/core/types.hpp"

namespace shallows::hidden_kernel {

/// Lanes that are read and written at once: rows of neurons need so many values after their end.
inline constexpr std::size_t kLanes = 16;

/// Neighbouring neurons with one patch.
struct Run {
  std::uint32_t first;
  std::uint32_t length;
  std::uint32_t place;  ///< of the patch, in an overlap map
};

/// Rows of equal length, one for each image of a batch.
struct Rows {
  const float* data;
  std::size_t stride;
};

/// The images of a batch and the places of patches, in rows that are padded to whole vectors.
struct Geometry {
  std::size_t channels;
  std::size_t height;
  std::size_t row;  ///< values in a row of an image, padded
  std::size_t patch;
  std::size_t map_height;  ///< height - patch + 1
  std::size_t map_row;     ///< values in a row of a map, padded

  std::size_t image() const { return channels * height * row; }
  std::size_t map() const { return map_height * map_row; }
  /// Values of working memory that overlap() needs.
  std::size_t scratch() const { return 2 * height * row + patch + kLanes; }
};

/// map[place] = sum over the patch there, all channels, of a * b.
void overlap(const Geometry& geometry, const float* a, const float* b, float* scratch, float* map);

/// out = in + sum over the first `count` images i of steps_i * (overlap with image i at the neuron's patch).
void correct(std::span<const Run> runs, Rows maps, Rows steps, std::size_t count, const float* in,
             float* out);

/// weights += sum over `count` images of steps_i x_i^T where `mask` is -1; elsewhere, where it is 0, the
/// weights are 0. Rows of kBlockLanes, one for each source.
void add_products(std::span<const NeuronId> sources, const std::int8_t* mask, Rows xs, Rows steps,
                  std::size_t count, float* weights);

}  // namespace shallows::hidden_kernel
