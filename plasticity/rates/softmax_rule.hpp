// The online delta rule of softmax units under the cross-entropy loss -log p_label.
//
//     p_i = exp(a_i) / sum_k exp(a_k),   delta_i = target_i - p_i
//     w_ij += eta delta_i x_j,   b_i += eta delta_i
// Unlike a rectified unit (plasticity/rates/delta_rule.hpp) every unit learns from every image.
#pragma once

namespace shallows {

template <class Real>
struct SoftmaxRule {
  Real learning_rate;

  /// eta * delta_i from the unit's probability p_i. The weights then change as by DeltaRule::update.
  Real step(Real probability, Real target) const { return learning_rate * (target - probability); }
};

}  // namespace shallows
