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
};

/// Where the Gabor parameters are drawn from (table 4.2). p is the patch size.
enum class GaborRanges {
  broad,  ///< the released defaults: wavelength U[p/4, 2p], sigma U[p/8, p], phase U[0, 2 pi)
  tuned,  ///< the authors' optimum for MNIST at p = 10: U[4.6, 10.3], U[3.8, 5.0], U[0, 4.8]
};

struct FixedFieldsParams {
  FieldKind kind = FieldKind::gabor;
  std::size_t size = 5000;
  std::size_t patch = 10;
  /// Random: weights ~ N(0, 1) * scale / (sqrt(channels) * patch), which keeps the input strength independent
  /// of the patch size. Gabor: L1 norm of a filter in one channel. In mV for a spiking network.
  double scale = 1.0;
  GaborRanges gabor_ranges = GaborRanges::tuned;
};

/// Draws the bank: positions uniform over all places where the patch fits, then the filters. Stored in
/// locality_order; depends on (params, shape, seed) only.
ReceptiveFields make_fixed_fields(const FixedFieldsParams& params, ImageShape shape, std::uint64_t seed);

}  // namespace shallows
