// The online delta rule with rectified readout units (Illing et al. 2019, ratenets/core.jl).
//
//     delta_i = (target_i - y_i) phi'(a_i),  y = phi(a) = max(0, a),  phi'(a) = 1 if a > 0 else 0
//     w_ij += eta delta_i x_j,   b_i += eta delta_i
// A unit whose activation is not positive learns nothing, even when it is the target.
#pragma once

namespace shallows {

template <class Real>
struct DeltaRule {
  Real learning_rate;

  /// eta * delta_i from the unit's activation a_i.
  Real step(Real activation, Real target) const {
    return activation > Real{0} ? learning_rate * (target - activation) : Real{0};
  }

  /// The weight after a step. V is Real, or a compiler vector of them.
  template <class V>
  static void update(V& weight, const V& step, Real pre) {
    weight += step * pre;
  }
};

}  // namespace shallows
