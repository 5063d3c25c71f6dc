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
//       static constexpr bool explains_together = true;  // optional: needs RateBatch::explained
//       template <class Activations, class Signal>
//       static void compete(const Params&, const Activations& a, Signal& g);  // optional, see below
//       static constexpr bool by_largest = true;  // optional: increments are divided by the largest of the layer
//     };
//
// compete() gets the activations [neuron, image] of all neurons that see the same inputs and says by how much
// each is to learn; the increment then finds that in place of the answers. An increment is computed from the
// weights before it, so that rules can be combined. That of a batch is the sum over its images, whose learning
// rates say what each counts. The types are parameters because lists of rules are read wherever there is a
// configuration, which should not have to compile a matrix library.
#pragma once

#include "sim/core/fields.hpp"

namespace shallows {

/// Sum over images of g x^T, for g [neuron, image] and x [input, image] (rate_batch.hpp).
template <class Weights, class Left, class Right>
Weights outer_products(const Left& g, const Right& x);

/// Of every rule by which a hidden layer of a rate network learns.
struct RateRuleParams {
  /// Learning rate of the layer over that of the readout; against what the rule says if negative.
  double learning_rate_factor = 1.0;

  static Fields<RateRuleParams> fields() {
    return {field("learning_rate_factor", &RateRuleParams::learning_rate_factor, "",
                  "learning rate of the layer over that of the readout; negative: against the rule",
                  RealDomain{-1e6, 1e6})};
  }
};

/// Those of a rule that has no others. Every rule has a type of its own, by which a choice knows it.
template <class Rule>
struct PlainRuleParams : RateRuleParams {
  static Fields<PlainRuleParams> fields() { return inherited<PlainRuleParams, RateRuleParams>(); }
};

}  // namespace shallows
