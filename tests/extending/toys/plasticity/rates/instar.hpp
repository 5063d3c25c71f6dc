// Instar (Grossberg 1976): the weights of a neuron move to the inputs that make it answer, dw_i = eta y_i (x
// - w_i).
#pragma once

#include <string_view>

#include "plasticity/rates/rate_rule.hpp"

namespace shallows {

struct Instar {
  using Params = PlainRuleParams<Instar>;
  static constexpr std::string_view name = "instar", abbreviation = "in";
  static constexpr std::string_view about = "weights move to the inputs that make a neuron answer";
  static constexpr bool taught = false;

  template <class Batch, class Weights>
  static Weights increment(const Params&, const Batch& batch, const Weights& w) {
    Weights increment = Weights::Zero(w.rows(), w.cols());
    for (decltype(w.rows()) k = 0; k < batch.x.cols(); ++k) {
      for (decltype(k) i = 0; i < w.rows(); ++i)
        increment.row(i) += batch.rates[k] * batch.y(i, k) * (batch.x.col(k).transpose() - w.row(i));
    }
    return increment;
  }
};

}  // namespace shallows
