// How a hidden layer of rectified units learns from the readout's steps: backpropagation, and feedback
// alignment (Lillicrap et al. 2016), which needs no copy of the forward weights (Illing et al. 2019,
// ratenets/core.jl).
//
//     e_j = sum_i F_ij delta_i,   delta_j = e_j phi'(a_j),   phi'(a) = 1 if a > 0 else 0
//     v_jk += eta delta_j x_k,   b_j += eta delta_j
// F is the readout's weight matrix before its own step (backpropagation), or fixed and random (feedback
// alignment); delta_i are the readout's errors (plasticity/rates/delta_rule.hpp, softmax_rule.hpp).
#pragma once

namespace shallows {

template <class Real>
struct ErrorFeedback {
  /// eta of the hidden layer over that of the readout.
  Real learning_rate_factor;

  /// eta delta_j from the unit's rectified activation and sum_i F_ij (eta_readout delta_i).
  Real step(Real rate, Real error) const {
    const Real step = learning_rate_factor * error;
    return rate > Real{0} ? step : Real{0};
  }
};

}  // namespace shallows
