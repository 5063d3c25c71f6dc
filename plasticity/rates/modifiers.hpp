// What may be made of the increments of any rate rule before they reach the weights, in this order:
//
//     sum with another rule      D <- D + added_factor H               (H by Hebb's or Oja's rule)
//     thresholding               D <- D - mean of D at all updates before, synapse by synapse
//     gradient sparsity          all but the part `sparsity` of a layer's weights stay as they are: those whose
//                                D is largest in magnitude, or in value
//
// The last two after HebbNet (Gupta, Ambikapathi and Ramasamy 2021).
#pragma once

#include <string_view>

#include "plasticity/rates/hebbian_rules.hpp"
#include "sim/core/chosen_fields.hpp"

namespace shallows {

struct NoRule {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "none";
  static constexpr std::string_view about = "the rule alone";
};

using AddedRules = List<NoRule, Hebb, Oja, OjaSubspace>;

enum class SparsityBy { magnitude, value };

struct RuleModifiers {
  AddedRules::Chosen added_rule = {};
  double added_factor = 0.0;
  bool thresholding = false;
  double sparsity = 1.0;  ///< part of the weights that change at an update
  SparsityBy sparsity_by = SparsityBy::magnitude;

  bool any() const { return added_rule.index() != 0 || thresholding || sparsity < 1.0; }

  static Fields<RuleModifiers> fields() {
    Fields<RuleModifiers> fields = {
        {"added_rule",
         "",
         "a rule whose increments are added to those of the rule",
         ChoiceDomain{"rule", names_in(AddedRules())},
         [](const RuleModifiers& m) { return FieldValue(std::string(name_in(AddedRules(), m.added_rule))); },
         [](RuleModifiers& m, const FieldValue& value) {
           m.added_rule = chosen_by_name(AddedRules(), std::get<std::string>(value));
         },
         Effect::learning,
         {}}};
    return joined(
        std::move(fields),
        Fields<RuleModifiers>{
            field("added_factor", &RuleModifiers::added_factor, "", "what they are multiplied by",
                  RealDomain{-1e6, 1e6})
                .only_if("added_rule", {"hebb", "oja", "oja-subspace"}),
            field("thresholding", &RuleModifiers::thresholding, "",
                  "whether the mean of earlier increments is taken from each (HebbNet)", SwitchDomain{}),
            field("sparsity", &RuleModifiers::sparsity, "",
                  "part of the layer's weights that change at an update: those with the largest increments "
                  "(HebbNet)",
                  positive(1.0)),
            choice("sparsity_by", &RuleModifiers::sparsity_by, "order", "which increments are the largest",
                   {{"magnitude", SparsityBy::magnitude}, {"value", SparsityBy::value}})});
  }
};

}  // namespace shallows
