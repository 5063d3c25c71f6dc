// What every rule of rate neurons has in common: from what a batch of images was at the synapses of neurons
// that see the same inputs, it says how their weights change. A rule is
//
//     struct MyRule {
//       using Params = MyParams;                // a RateRuleParams, with fields()
//       static constexpr std::string_view name = "my", abbreviation = "my", about = "...";
//       static constexpr bool taught = false;   // whether it needs errors from above
//       template <class Batch, class Weights>   // RateBatch and WeightMatrix of rate_batch.hpp
//       static Weights increment(const Params&, const Batch& batch, const Weights& w);
//       template <class Weights>
//       static void constrain(Weights& w);      // optional: after the increment was added
//     };
//
// An increment is computed from the weights before it, so that rules can be combined. That of a batch is the
// sum over its images, whose learning rates say what each counts. The types are parameters because lists of
// rules are read wherever there is a configuration, which should not have to compile a matrix library.
#pragma once

#include "sim/core/fields.hpp"

namespace shallows {

/// Of every rule by which a hidden layer of a rate network learns.
struct RateRuleParams {
  double learning_rate_factor = 1.0;  ///< learning rate of the layer over that of the readout

  static Fields<RateRuleParams> fields() {
    return {field("learning_rate_factor", &RateRuleParams::learning_rate_factor, "",
                  "learning rate of the layer over that of the readout", positive(1e6))};
  }
};

/// Those of a rule that has no others. Every rule has a type of its own, by which a choice knows it.
template <class Rule>
struct PlainRuleParams : RateRuleParams {
  static Fields<PlainRuleParams> fields() { return inherited<PlainRuleParams, RateRuleParams>(); }
};

}  // namespace shallows
