// A population of sparse-coding neurons that compete by recurrent inhibition and learn by local rules.
//
// Input x, weights W, lateral weights V >= 0, thresholds theta; time in time constants:
//     da/dt = -a + W x - V y,   y = max(0, a - theta),   from a = 0 to the fixed point
// W learns by a rate rule, at rate fit_rate (Brito and Gerstner: normalised Hebb; Foeldiak: instar), V and
// theta as models/banks/sparse_rules.hpp says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "models/banks/learning/recurrent_dynamics.hpp"
#include "models/banks/learning/samples.hpp"
#include "models/banks/sparse_bank.hpp"
#include "sim/core/rng.hpp"

namespace shallows {

class SparseCoder {
 public:
  /// W ~ N(0, 1) / (10 sqrt(inputs)), no inhibition. Takes the sparse_* members and `rate` of the parameters.
  SparseCoder(const SparseParams& params, std::size_t neurons, std::size_t inputs, Rng& rng);

  /// The activities at the end of the dynamics. Where the fixed point is not reached within 100 time
  /// constants (lateral weights need not be symmetric) they are those of that moment, and unsettled() counts
  /// one more.
  std::span<const double> respond(std::span<const double> x);
  /// Responds, then learns.
  void learn(std::span<const double> x);

  std::uint64_t unsettled() const { return unsettled_; }
  void reset_unsettled() { unsettled_ = 0; }
  const Matrix& weights() const { return weights_; }
  const Eigen::MatrixXd& lateral() const { return lateral_; }
  std::span<const double> thresholds() const { return thresholds_; }

 private:
  template <class Rule>
  void learn_inhibition();
  /// Only the rows of neurons that answer: most are silent, and nothing moves their weights.
  template <class Rule>
  void learn_forward(std::span<const double> x);

  SparseParams params_;
  Matrix weights_;
  Eigen::MatrixXd lateral_;  ///< by columns: an active neuron inhibits along its own
  std::vector<double> thresholds_;
  std::vector<double> mean_;
  std::vector<double> drive_;
  std::vector<double> activity_;
  RecurrentDynamics dynamics_;
  std::uint64_t learned_ = 0;
  std::uint64_t unsettled_ = 0;
};

/// What a code is worth, over samples.
struct CodeFigures {
  double explained = 0.0;  ///< 1 - sum |x - W^T y|^2 / sum |x|^2
  double active = 0.0;     ///< fraction of activities above 0
  double unsettled = 0.0;  ///< fraction of samples for which the dynamics did not settle
};

/// Learns from samples drawn with replacement. Advances the monitor by params.fit_updates.
SparseCoder learn_sparse_code(const Samples& samples, std::size_t neurons, const SparseParams& params,
                              Rng rng, FitMonitor& monitor);

/// Over the first samples, up to `most`.
CodeFigures code_figures(SparseCoder coder, const Samples& samples, std::size_t most);

}  // namespace shallows
