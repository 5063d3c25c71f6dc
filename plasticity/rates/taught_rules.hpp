// Rules of a layer that is taught by errors (Rumelhart, Hinton and Williams 1986; Lillicrap et al. 2016;
// Nokland 2016; Melchior and Wiskott 2019):
//
//     delta_j = e_j phi'(a_j),   dv_jk = eta delta_j x_k,   db_j = eta delta_j
//
// Errors e come through the weights of the layer above, e = W^T delta (backpropagation), through other weights
// of their shape (feedback alignment), or straight from the readout (direct feedback alignment); those are
// plasticity/rates/feedback.hpp. Hebbian descent drops the slope phi': the difference of two Hebbian steps,
// towards what was to be answered and away from what was.
#pragma once

#include <string_view>

#include "plasticity/rates/feedback.hpp"
#include "plasticity/rates/rate_rule.hpp"

namespace shallows {

/// Where the errors of a layer come from.
enum class ErrorPath { transpose, feedback, direct };

/// Of rules that are all in where errors come from.
struct ErrorTimesInput {
  template <class Batch, class Weights>
  static Weights increment(const RateRuleParams&, const Batch& batch, const Weights&) {
    return outer_products<Weights>(batch.step, batch.x);
  }
};

struct Backprop : ErrorTimesInput {
  using Params = PlainRuleParams<Backprop>;
  static constexpr std::string_view name = "backprop";
  static constexpr std::string_view abbreviation = "bp";
  static constexpr std::string_view about = "errors come back through the weights of the layer above";
  static constexpr bool taught = true;
  static constexpr ErrorPath path = ErrorPath::transpose;
};

/// Every rule has a type of its own, by which a choice knows it.
template <class Rule>
struct FeedbackRuleParams : RateRuleParams, FeedbackParams {
  static Fields<FeedbackRuleParams> fields() {
    return joined(inherited<FeedbackRuleParams, RateRuleParams>(),
                  inherited<FeedbackRuleParams, FeedbackParams>());
  }
};

struct FeedbackAlignment : ErrorTimesInput {
  using Params = FeedbackRuleParams<FeedbackAlignment>;
  static constexpr std::string_view name = "feedback-alignment";
  static constexpr std::string_view abbreviation = "fa";
  static constexpr std::string_view about = "errors come back through weights of their own";
  static constexpr bool taught = true;
  static constexpr ErrorPath path = ErrorPath::feedback;
};

struct DirectFeedbackAlignment : ErrorTimesInput {
  using Params = FeedbackRuleParams<DirectFeedbackAlignment>;
  static constexpr std::string_view name = "direct-feedback-alignment";
  static constexpr std::string_view abbreviation = "dfa";
  static constexpr std::string_view about =
      "errors come straight from the readout through weights of their own";
  static constexpr bool taught = true;
  static constexpr ErrorPath path = ErrorPath::direct;
};

/// What an increment takes for the input of a synapse.
enum class DescentForm { hebb, oja };

struct HebbianDescentParams : RateRuleParams {
  DescentForm form = DescentForm::hebb;
  bool keeps_slope = false;

  static Fields<HebbianDescentParams> fields() {
    return joined(inherited<HebbianDescentParams, RateRuleParams>(),
                  Fields<HebbianDescentParams>{
                      choice("form", &HebbianDescentParams::form, "form",
                             "error times input x (hebb), or times x - y w (oja)",
                             {{"hebb", DescentForm::hebb}, {"oja", DescentForm::oja}}),
                      field("keeps_slope", &HebbianDescentParams::keeps_slope, "",
                            "whether a hidden layer's errors are multiplied by the slope of its activation",
                            SwitchDomain{})});
  }
};

struct HebbianDescent {
  using Params = HebbianDescentParams;
  static constexpr std::string_view name = "hebbian-descent";
  static constexpr std::string_view abbreviation = "hd";
  static constexpr std::string_view about = "backpropagation without the slopes of activations";
  static constexpr bool taught = true;
  static constexpr ErrorPath path = ErrorPath::transpose;

  static bool keeps_slope(const Params& params) { return params.keeps_slope; }

  template <class Batch, class Weights>
  static Weights increment(const Params& params, const Batch& batch, const Weights& w) {
    Weights increment = outer_products<Weights>(batch.step, batch.x);
    if (params.form == DescentForm::hebb) return increment;
    const auto decay = batch.step.cwiseProduct(batch.y).rowwise().sum().eval();
    increment.noalias() -= decay.asDiagonal() * w;
    return increment;
  }
};

}  // namespace shallows
