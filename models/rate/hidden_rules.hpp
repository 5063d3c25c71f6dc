// The list of rules by which a hidden layer of a rate network learns, inside its patches.
#pragma once

#include <string>
#include <string_view>

#include "plasticity/rates/hebbian_rules.hpp"
#include "plasticity/rates/taught_rules.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/list.hpp"

namespace shallows {

/// The hidden layer stays as it was made.
struct FixedHidden {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "fixed";
  static constexpr std::string_view abbreviation = "";  ///< of the network: that of its bank
  static constexpr std::string_view about = "the hidden layer does not learn";
};

using HiddenRules = List<FixedHidden, Backprop, FeedbackAlignment, Hebb, Oja, Sanger, NonlinearHebb>;
using HiddenRuleChoice = HiddenRules::Chosen;

/// Null if the hidden layer does not learn.
const RateRuleParams* learning_params(const HiddenRuleChoice& rule);
bool is_taught(const HiddenRuleChoice& rule);
/// Empty if the hidden layer does not learn.
std::string abbreviation_of(const HiddenRuleChoice& rule);

}  // namespace shallows
