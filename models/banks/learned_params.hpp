// Parameters of the banks that are learned from images (Illing et al. 2019; fact sheet, sections 5 and 6).
//
// A bank of n filters is made of n / features populations. The neurons of a population share one patch and
// learn from it alone; populations know nothing of each other.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shallows {

/// Where the patches of the populations may lie.
enum class PatchPlaces {
  all,           ///< wherever they fit
  without_last,  ///< not in the last row and column of places: as released for PCA and ICA
};

enum class PcaRule {
  batch,         ///< eigenvectors of the covariance
  sanger,        ///< online, local; the components
  oja_subspace,  ///< online, local; their subspace
};

enum class IcaRule {
  fast_ica,        ///< batch; tanh, symmetric decorrelation (Hyvarinen 1999)
  nonlinear_hebb,  ///< online, local, on inputs whitened by PCA
};

enum class SparseRule {
  brito,    ///< Brito and Gerstner 2016: Hebb with normalisation, anti-Hebbian lateral inhibition
  foldiak,  ///< Foeldiak 1990: thresholds that keep the mean activity
};

enum class SparseDynamics {
  fixed_point,  ///< integrated by Boost.Odeint until it stands still
  fifty_steps,  ///< as released: 50 Euler steps of 0.1 time constants
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

struct LearnedParams {
  std::size_t features = 10;     ///< neurons in a population
  std::uint64_t fit_images = 0;  ///< learn from the first so many training images; 0: all
  PatchPlaces places = PatchPlaces::all;
  FieldScale scale_by = FieldScale::largest;
  PcaRule pca_rule = PcaRule::batch;
  IcaRule ica_rule = IcaRule::fast_ica;
  /// Of FastICA at most, which ends earlier where it has converged. 1: as released; 0: each population keeps
  /// the random rotation of its whitened patches that it starts from.
  std::uint64_t ica_steps = 200;
  double variance_floor = 0.0;  ///< ICA: added to the variances by which the components are whitened
  SparseRule sparse_rule = SparseRule::brito;
  SparseDynamics sparse_dynamics = SparseDynamics::fixed_point;
  double sparse_threshold = 1e-2;   ///< lambda of the sparse-coding neurons
  std::uint64_t updates = 100'000;  ///< of an online rule, for each population
  double rate = 1e-3;               ///< of an online rule
};

}  // namespace shallows
