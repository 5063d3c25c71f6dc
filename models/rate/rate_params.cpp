#include "models/rate/rate_params.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "sim/core/chosen_fields.hpp"

namespace shallows {
namespace {

template <class Owner>
Field<Owner> centring_field(std::string name, double Owner::*member) {
  return field(
      std::move(name), member, "",
      "part by which an offset that is taken from the inputs moves to their mean at each update; 0: none",
      RealDomain{0.0, 1.0});
}

}  // namespace

Fields<RateLayerParams> RateLayerParams::fields() {
  Fields<RateLayerParams> modifiers = fields_of(&RateLayerParams::modifiers);
  std::vector<std::string> learning = names_in(HiddenRules());
  std::erase(learning, FixedHidden::name);
  for (auto& field : modifiers) field.conditions.push_back({"rule", learning});
  return joined(
      Fields<RateLayerParams>{
          field("bias_max", &RateLayerParams::bias_max, "", "hidden biases are uniform from 0 to this",
                non_negative(1e6)),
          field("threshold", &RateLayerParams::threshold, "",
                "taken from every hidden bias: responses below are silent, a sparser code (not the paper's)",
                non_negative(1e6))},
      chosen_fields<Activations>("activation", &RateLayerParams::activation, "activation",
                                 "what a neuron answers to its activation", ""),
      chosen_fields<HiddenRules>("rule", &RateLayerParams::rule, "rule",
                                 "how the weights and biases of the layer learn, inside its patches", ""),
      std::move(modifiers));
}

Fields<RateParams> RateParams::fields() {
  Fields<RateParams> modifiers = fields_of(&RateParams::readout_modifiers, "readout.");
  std::vector<std::string> learning = names_in(RateReadoutRules());
  std::erase(learning, FixedReadout::name);
  for (auto& field : modifiers) field.conditions.push_back({"readout.rule", learning});
  Fields<RateParams> upper;
  for (std::size_t l = 0; l < kMostUpperLayers; ++l) {
    Fields<RateLayerParams> fields = RateLayerParams::fields();
    fields.push_back(centring_field("centring", &RateLayerParams::centring));
    upper = joined(std::move(upper),
                   lifted<RateParams>(
                       std::move(fields), [l](auto& params) -> auto& { return params.upper[l]; },
                       "hidden." + std::to_string(l + 2) + "."));
  }
  return joined(
      fields_of(&RateParams::hidden, "hidden."), std::move(upper),
      chosen_fields<RateReadoutRules>("readout.rule", &RateParams::readout_rule, "rule",
                                      "how the readout learns", "readout."),
      std::move(modifiers),
      chosen_fields<Optimisers>("training.optimiser", &RateParams::optimiser, "optimiser",
                                "what is made of the increments that rules ask for", "training."),
      chosen_fields<ReadoutLosses>(
          "readout.loss", &RateParams::loss, "loss",
          "squared error of rectified units as in the paper, or softmax cross-entropy", "readout."),
      Fields<RateParams>{
          field("readout.bias_max", &RateParams::readout_bias_max, "",
                "initial readout biases are uniform from 0 to this", non_negative(1e6)),
          field("readout.weight_scale", &RateParams::readout_weight_scale, "",
                "initial weights: standard deviation times root of the number of inputs", non_negative(1e6)),
          distribution_field("readout.distribution", &RateParams::readout_distribution),
          centring_field("readout.centring", &RateParams::readout_centring),
          field("training.batch", &RateParams::batch, "images",
                "images whose errors are averaged into one update; 1: online, as in the paper",
                CountDomain{1, 100'000})});
}

}  // namespace shallows
