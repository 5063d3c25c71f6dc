// Independent components of whitened samples: FastICA in batch (Hyvarinen 1999), and a local rule.
#pragma once

#include <cstddef>
#include <cstdint>

#include "models/banks/ica_bank.hpp"
#include "models/banks/learning/samples.hpp"
#include "sim/core/rng.hpp"

namespace shallows {

/// Of FastICA: it has converged when every unit vector turns by less than the tolerance (1 - |cosine|) in a
/// step.
inline constexpr double kFastIcaTolerance = 1e-5;
inline constexpr std::size_t kFastIcaCacheBytes = std::size_t{256} << 20U;

struct IndependentComponents {
  Matrix unmixing;  ///< orthonormal rows; component i of a whitened sample z is row i times z
  std::uint64_t steps = 0;
  bool converged = false;
};

/// FastICA with contrast log cosh (nonlinearity tanh) and symmetric decorrelation, from a Gaussian random
/// start.
///     W <- E[tanh(W z) z^T] - diag(E[1 - tanh^2(W z)]) W,   W <- (W W^T)^(-1/2) W
/// Ends after `most_steps` if it has not converged; after none the result is the start, a random rotation.
/// Keeps the samples in single precision where they fit into 256 MiB and reads them anew in every step
/// otherwise; the result is the same. Advances the monitor by most_steps.
IndependentComponents fast_ica(const Samples& white, std::uint64_t most_steps, Rng rng, FitMonitor& monitor,
                               std::size_t cache_bytes = kFastIcaCacheBytes);

/// By the online rule that params.ica_rule names, on samples drawn with replacement. The
/// rate is params.fit_rate and falls geometrically by 100 over params.fit_updates. Finds components with
/// heavy tails. Throws Error (network) as online_components does. Advances the monitor by params.fit_updates.
IndependentComponents online_independent_components(const Samples& white, const IcaParams& params, Rng rng,
                                                    FitMonitor& monitor);

}  // namespace shallows
