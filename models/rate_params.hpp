// Parameters of the rate network (Illing et al. 2019, ratenets/core.jl; fact sheet, section 3).
#pragma once

namespace shallows {

/// Hidden layer relu(W1 (x - mean) + b1), fixed; readout relu(W2 h + b2), trained by the delta rule.
/// Biases ~ U(0, bias_max); readout weights ~ N(0, 1) * readout_weight_scale / sqrt(inputs).
struct RateParams {
  double hidden_bias_max = 0.1;
  double readout_bias_max = 0.1;
  double readout_weight_scale = 0.1;
};

}  // namespace shallows
