// Local rules that learn features from inputs alone, for a layer y = W x of linear neurons (row i of W is
// w_i).
//
//     Oja's subspace rule (Oja 1989)   dw_i = eta y_i (x - sum over all j of y_j w_j)
//     Sanger's rule (Sanger 1989)      dw_i = eta y_i (x - sum over j <= i of y_j w_j)
//     nonlinear Hebb (Hyvarinen and Oja 1998), on whitened x:
//                                      dw_i = eta f(y_i) (x - sum over j < i of y_j w_j), then |w_i| = 1
// The first finds the principal subspace, the second the principal components themselves, the third, with an
// expansive f such as y - tanh(y), independent components of heavy-tailed sources, one after the other: on
// what the neurons before it explain.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

namespace shallows {

/// y = W x. `weights` holds y.size() rows of x.size() values.
inline void linear_responses(std::span<const double> weights, std::span<const double> x,
                             std::span<double> y) {
  for (std::size_t i = 0; i < y.size(); ++i) {
    double sum = 0.0;
    for (std::size_t k = 0; k < x.size(); ++k) sum += weights[i * x.size() + k] * x[k];
    y[i] = sum;
  }
}

/// One update by Oja's subspace rule. `residual` (as long as `x`) is a scratch array.
inline void oja_subspace_update(double eta, std::span<const double> x, std::span<const double> y,
                                std::span<double> weights, std::span<double> residual) {
  for (std::size_t k = 0; k < x.size(); ++k) residual[k] = x[k];
  for (std::size_t i = 0; i < y.size(); ++i) {
    for (std::size_t k = 0; k < x.size(); ++k) residual[k] -= y[i] * weights[i * x.size() + k];
  }
  for (std::size_t i = 0; i < y.size(); ++i) {
    for (std::size_t k = 0; k < x.size(); ++k) weights[i * x.size() + k] += eta * y[i] * residual[k];
  }
}

/// One update by Sanger's rule.
inline void sanger_update(double eta, std::span<const double> x, std::span<const double> y,
                          std::span<double> weights, std::span<double> residual) {
  for (std::size_t k = 0; k < x.size(); ++k) residual[k] = x[k];
  for (std::size_t i = 0; i < y.size(); ++i) {
    for (std::size_t k = 0; k < x.size(); ++k) {
      double& w = weights[i * x.size() + k];
      residual[k] -= y[i] * w;
      w += eta * y[i] * residual[k];
    }
  }
}

inline void normalize(std::span<double> values) {
  double squares = 0.0;
  for (const double value : values) squares += value * value;
  if (squares == 0.0) return;
  const double factor = 1.0 / std::sqrt(squares);
  for (double& value : values) value *= factor;
}

/// One update by the nonlinear Hebbian rule with f(y) = y - tanh(y). `x` is white.
inline void nonlinear_hebb_update(double eta, std::span<const double> x, std::span<const double> y,
                                  std::span<double> weights, std::span<double> residual) {
  for (std::size_t k = 0; k < x.size(); ++k) residual[k] = x[k];
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::span<double> w = weights.subspan(i * x.size(), x.size());
    const double drive = eta * (y[i] - std::tanh(y[i]));
    for (std::size_t k = 0; k < x.size(); ++k) {
      const double before = w[k];
      w[k] += drive * residual[k];
      residual[k] -= y[i] * before;
    }
    normalize(w);
  }
}

}  // namespace shallows
