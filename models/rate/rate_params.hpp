// Parameters of the rate network (Illing et al. 2019, ratenets/core.jl).
#pragma once

#include "models/banks/hidden_inhibition.hpp"
#include "models/rate/hidden_rules.hpp"
#include "models/rate/readout_rules.hpp"
#include "sim/core/fields.hpp"

namespace shallows {

enum class ReadoutLoss {
  squared_error,  ///< rectified units, as in the paper
  cross_entropy,  ///< softmax
};

/// Hidden layer relu(W1 (x - mean) + b1); readout relu(W2 h + b2), or softmax, trained by the delta rule.
/// b1 ~ U(0, hidden_bias_max) - hidden_threshold, b2 ~ U(0, readout_bias_max); readout weights ~ N(0, 1) *
/// readout_weight_scale / sqrt(inputs).
struct RateParams {
  double hidden_bias_max = 0.1;
  double hidden_threshold = 0.0;  ///< not in the paper: what lies below is not answered, a sparser code
  double readout_bias_max = 0.1;
  double readout_weight_scale = 0.1;
  ReadoutLoss loss = ReadoutLoss::squared_error;
  RateReadoutRuleChoice readout_rule;
  HiddenRuleChoice hidden_rule;                          ///< fixed by default
  HiddenInhibition inhibition = HiddenInhibition::none;  ///< of a bank that is fixed

  static Fields<RateParams> fields();
};

}  // namespace shallows
