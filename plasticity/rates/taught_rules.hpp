// Rules of a hidden layer that is taught by errors from above (Rumelhart, Hinton and Williams 1986; Lillicrap
// et al. 2016; Illing et al. 2019, ratenets/core.jl):
//
//     e_j = sum_i F_ij delta_i,   delta_j = e_j phi'(a_j),   dv_jk = eta delta_j x_k,   db_j = eta delta_j
//
// where delta_i are the errors of the layer above before its own step. F is the transpose of its weights
// (backpropagation), or fixed and random (feedback alignment), which needs no copy of the forward weights.
#pragma once

#include <string_view>

#include "plasticity/rates/rate_rule.hpp"

namespace shallows {

/// dW = sum over images of step x^T.
template <class Weights, class Batch>
Weights taught_increment(const Batch& batch) {
  Weights increment(batch.y.rows(), batch.x.rows());
  increment.noalias() = batch.step * batch.x.transpose();
  return increment;
}

struct Backprop {
  using Params = PlainRuleParams<Backprop>;
  static constexpr std::string_view name = "backprop";
  static constexpr std::string_view abbreviation = "bp";
  static constexpr std::string_view about = "errors come back through the weights of the layer above";
  static constexpr bool taught = true;

  template <class Batch, class Weights>
  static Weights increment(const Params&, const Batch& batch, const Weights&) {
    return taught_increment<Weights>(batch);
  }
};

struct FeedbackAlignmentParams : RateRuleParams {
  /// Feedback weights ~ N(0, 1) * feedback_scale / sqrt(neurons of this layer).
  double feedback_scale = 0.1;

  static Fields<FeedbackAlignmentParams> fields() {
    return joined(inherited<FeedbackAlignmentParams, RateRuleParams>(),
                  Fields<FeedbackAlignmentParams>{field(
                      "feedback_scale", &FeedbackAlignmentParams::feedback_scale, "",
                      "fixed feedback weights: standard deviation times root of the number of hidden neurons",
                      positive(1e6))});
  }
};

struct FeedbackAlignment {
  using Params = FeedbackAlignmentParams;
  static constexpr std::string_view name = "feedback-alignment";
  static constexpr std::string_view abbreviation = "fa";
  static constexpr std::string_view about = "errors come back through fixed random weights";
  static constexpr bool taught = true;

  template <class Batch, class Weights>
  static Weights increment(const Params&, const Batch& batch, const Weights&) {
    return taught_increment<Weights>(batch);
  }
};

}  // namespace shallows
