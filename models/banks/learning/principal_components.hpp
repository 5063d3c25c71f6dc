// Principal components: in batch from a streamed covariance, and online by local rules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/banks/learning/samples.hpp"
#include "models/banks/pca_bank.hpp"
#include "sim/core/rng.hpp"

namespace shallows {

/// The covariance of the samples about their mean, from blocks of them: the memory is that of the matrix.
/// Tiles run in parallel (TBB), each sums in the order of the samples. Advances the monitor by samples.count.
Matrix covariance(const Samples& samples, FitMonitor& monitor);

struct PrincipalComponents {
  Matrix vectors;                 ///< orthonormal rows, the entry of largest magnitude positive
  std::vector<double> variances;  ///< falling; those below the rounding error of the largest are exactly 0
  double total_variance = 0.0;    ///< of all directions
};

/// The first `count` eigenvectors of a covariance; count <= its dimension. The vectors of zero variances are
/// zero: no sample says where they would point.
PrincipalComponents principal_components(const Matrix& covariance, std::size_t count);

/// Samples projected on the components and divided by the root of their variance; 0 where that is 0. What
/// the samples read must outlive it.
Samples whitened(const Samples& samples, const PrincipalComponents& components);

/// Learns `count` features online from samples drawn with replacement, by the online rule
/// that params.pca_rule names.
/// The rate is params.fit_rate over the mean squared norm of the samples, and falls geometrically by 100 over
/// params.fit_updates. Throws Error (network) if the weights grow without bound. Advances the monitor by
/// params.fit_updates.
Matrix online_components(const Samples& samples, std::size_t count, const PcaParams& params, Rng rng,
                         FitMonitor& monitor);

/// Mean squared norm of the first samples, up to 1000 of them.
double mean_squared_norm(const Samples& samples);

/// Throws Error (network), naming hidden.fit_rate, if a weight is no finite number.
void refuse_divergence(const Matrix& weights);

}  // namespace shallows
