// Parameters that the banks which are learned from images share (Illing et al. 2019).
//
// A bank of n filters is made of n / features populations. The neurons of a population share one patch and
// learn from it alone; populations know nothing of each other.
#pragma once

#include <cstddef>
#include <cstdint>

#include "encoders/bank.hpp"
#include "sim/core/fields.hpp"

namespace shallows {

/// Where the patches of the populations may lie.
enum class PatchPlaces {
  all,           ///< wherever they fit
  without_last,  ///< not in the last row and column of places: as released for PCA and ICA
};

/// How one factor for the whole bank is chosen.
enum class FieldScale {
  largest,  ///< the largest rectified response to a training image is the scale: as released
  rms,      ///< the root mean square response over filters and training images is the scale
  l1,       ///< the mean L1 norm of a filter in one channel is the scale: the measure of the Gabor bank
  /// The mean magnitude of the responses to the first training images is that of a bank of Gabor filters
  /// (GaborRanges::tuned, drawn from one fixed seed) with this many neurons, this patch and this scale.
  gabor_drive,
  as_is,  ///< the factor itself is the scale
};

/// Of banks whose scale is measured: those that are learned or given.
struct MeasuredParams {
  FieldScale scale_by = FieldScale::largest;

  static Fields<MeasuredParams> fields();
};

struct LearnedParams : MeasuredParams {
  std::size_t features = 10;     ///< neurons in a population
  std::uint64_t fit_images = 0;  ///< learn from the first so many training images; 0: all
  PatchPlaces places = PatchPlaces::all;

  static Fields<LearnedParams> fields();
};

/// What the entries of learned banks have in common.
struct LearnedBank {
  static constexpr BankOrigin origin = BankOrigin::learned;
  /// The scale as released, or that of the Gabor bank for spiking neurons.
  static void set_defaults(MeasuredParams& params, BankShape& shape, Unit unit);
};

/// Of an online rule.
struct OnlineParams {
  std::uint64_t fit_updates = 100'000;  ///< for each population
  double fit_rate = 1e-3;               ///< at the start; falls geometrically by 100

  static Fields<OnlineParams> fields();
};

}  // namespace shallows
