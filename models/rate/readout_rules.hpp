// The list of rules by which the readout of a rate network learns.
#pragma once

#include <string_view>

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
};

using RateReadoutRules = List<DeltaReadoutRule>;
using RateReadoutRuleChoice = RateReadoutRules::Chosen;

}  // namespace shallows
