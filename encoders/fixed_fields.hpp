// The two banks that need no learning: random and Gabor filters at random positions
// (Illing et al. 2019; ratenets/core.jl, sections 4.1 and 4.2 of the project's fact sheet).
#pragma once

#include <cstdint>

#include "encoders/receptive_fields.hpp"

namespace shallows {

enum class FieldKind {
  none,    ///< no hidden layer: the readout sees the pixels
  random,  ///< independent Gaussian weights
  gabor,   ///< random Gabor filters
  pca,  ///< principal components of the training images (models/learned_fields.hpp), and so are the next two
  ica,  ///< independent components
  sparse,  ///< sparse coding
  file,    ///< whatever bank a file holds
};

/// Whether a bank of this kind is drawn from the seed alone, by make_fixed_fields().
constexpr bool is_fixed(FieldKind kind) { return kind == FieldKind::random || kind == FieldKind::gabor; }
/// Whether a bank of this kind is learned from images.
constexpr bool is_learned(FieldKind kind) {
  return kind == FieldKind::pca || kind == FieldKind::ica || kind == FieldKind::sparse;
}

/// Where the Gabor parameters are drawn from (table 4.2). p is the patch size.
enum class GaborRanges {
  broad,          ///< the released defaults: wavelength U[p/4, 2p], sigma U[p/8, p], phase U[0, 2 pi)
  tuned,          ///< the authors' optimum for MNIST at p = 10: U[4.6, 10.3], U[3.8, 5.0], U[0, 4.8]
  tuned_cifar10,  ///< theirs for CIFAR-10: U[2.9, 10.1], U[2.9, 24], U[0, 5.4]
};

/// What a Gabor filter does with the colours of an image.
enum class GaborColour {
  blind,     ///< the same filter in every channel, as in the paper
  opponent,  ///< times random weights of the channels, normal and scaled to a mean magnitude of 1
};

struct FixedFieldsParams {
  FieldKind kind = FieldKind::gabor;
  std::size_t size = 5000;
  std::size_t patch = 10;
  /// Random: weights ~ N(0, 1) * scale / (sqrt(channels) * patch), which keeps the input strength independent
  /// of the patch size. Gabor: L1 norm of a filter in one channel (opponent: on average over channels).
  /// Learned: see models/learned_params.hpp, FieldScale. In mV for a spiking network.
  double scale = 1.0;
  GaborRanges gabor_ranges = GaborRanges::tuned;
  GaborColour gabor_colour = GaborColour::blind;
  /// Random, in colour: weights times (side of the image / patch)^(channels - 1), so that the cube of this
  /// ratio is in them where `scale` alone has it once. As released for fixed banks: the row's factor sits
  /// inside the loop over channels. The side of an image that is not square is the root of its area.
  bool cubed_colour_scale = false;
};

/// Draws the bank: positions uniform over all places where the patch fits, then the filters. Stored in
/// locality_order; depends on (params, shape, seed) only.
ReceptiveFields make_fixed_fields(const FixedFieldsParams& params, ImageShape shape, std::uint64_t seed);

}  // namespace shallows
