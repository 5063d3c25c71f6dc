#include "models/rate/rate_params.hpp"

#include "sim/core/chosen_fields.hpp"

namespace shallows {

Fields<RateParams> RateParams::fields() {
  return joined(
      Fields<RateParams>{
          field("hidden.bias_max", &RateParams::hidden_bias_max, "",
                "hidden biases are uniform from 0 to this", non_negative(1e6)),
          field("hidden.threshold", &RateParams::hidden_threshold, "",
                "taken from every hidden bias: responses below are silent, a sparser code (not the paper's)",
                non_negative(1e6))},
      chosen_fields<HiddenRules>("hidden.rule", &RateParams::hidden_rule, "rule",
                                 "how the bank and its biases learn, inside the patches", "hidden."),
      chosen_fields<RateReadoutRules>("readout.rule", &RateParams::readout_rule, "rule",
                                      "how the readout learns", "readout."),
      Fields<RateParams>{choice("readout.loss", &RateParams::loss, "loss",
                                "squared error of rectified units as in the paper, or softmax cross-entropy",
                                {{"squared-error", ReadoutLoss::squared_error},
                                 {"cross-entropy", ReadoutLoss::cross_entropy}}),
                         field("readout.bias_max", &RateParams::readout_bias_max, "",
                               "initial readout biases are uniform from 0 to this", non_negative(1e6)),
                         field("readout.weight_scale", &RateParams::readout_weight_scale, "",
                               "initial weights: standard deviation times root of the number of inputs",
                               non_negative(1e6))});
}

}  // namespace shallows
