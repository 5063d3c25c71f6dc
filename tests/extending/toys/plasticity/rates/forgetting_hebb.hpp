// Hebb's rule of neurons that forget at every image: dw_i = eta (y_i x - w_i).
#pragma once

#include <string_view>

#include "plasticity/rates/rate_rule.hpp"

namespace shallows {

struct ForgettingHebb {
  using Params = PlainRuleParams<ForgettingHebb>;
  static constexpr std::string_view name = "forgetting-hebb", abbreviation = "forget";
  static constexpr std::string_view about = "Hebb's rule with weights that decay at every image";
  static constexpr bool taught = false;

  template <class Batch, class Weights>
  static Weights increment(const Params&, const Batch& batch, const Weights& w) {
    Weights increment = -batch.rates.sum() * w;
    increment.noalias() += batch.y * batch.rates.asDiagonal() * batch.x.transpose();
    return increment;
  }
};

}  // namespace shallows
