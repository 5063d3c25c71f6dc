// The list of rules by which the readout of a rate network learns. An entry says which rule of rate layers it is.
#pragma once

#include <string_view>

#include "plasticity/rates/hidden_rules.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/list.hpp"

namespace shallows {

struct DeltaReadoutRule {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "delta";
  static constexpr std::string_view about =
      "rate readout: dw = rate * (target - output) * input where the output is active";
  static HiddenRuleChoice as_rule(const Params&) { return Backprop::Params{}; }
};

struct FixedReadout {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "fixed";
  static constexpr std::string_view about =
      "rate readout that stays as it was drawn; hidden layers may learn";
  static HiddenRuleChoice as_rule(const Params&) { return FixedHidden::Params{}; }
};

/// Hebbian descent with Oja's factor; with Hebb's it is the delta rule.
struct OjasDescent {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "oja-descent";
  static constexpr std::string_view about =
      "rate readout: dw = rate * (target - output) * (input - output * w)";
  static HiddenRuleChoice as_rule(const Params&) {
    HebbianDescentParams rule;
    rule.form = DescentForm::oja;
    return rule;
  }
};

using RateReadoutRules = List<DeltaReadoutRule, FixedReadout, OjasDescent>;
using RateReadoutRuleChoice = RateReadoutRules::Chosen;

}  // namespace shallows
