// The list of rules by which a hidden layer of a rate network learns, inside its patches.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

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

using HiddenRules =
    List<FixedHidden, Backprop, FeedbackAlignment, Hebb, NormalisedHebb, Instar, Oja, Sanger, NonlinearHebb>;
using HiddenRuleChoice = HiddenRules::Chosen;

/// Null if the hidden layer does not learn.
inline const RateRuleParams* learning_params(const HiddenRuleChoice& rule) {
  return std::visit(
      [](const auto& params) -> const RateRuleParams* {
        if constexpr (std::derived_from<std::decay_t<decltype(params)>, RateRuleParams>) return &params;
        return nullptr;
      },
      rule);
}

inline bool is_taught(const HiddenRuleChoice& rule) {
  return with_chosen(HiddenRules(), rule.index(), []<class Entry>() {
    if constexpr (requires { Entry::taught; }) return Entry::taught;
    return false;
  });
}

/// Empty if the hidden layer does not learn.
inline std::string abbreviation_of(const HiddenRuleChoice& rule) {
  return with_chosen(HiddenRules(), rule.index(),
                     []<class Entry>() { return std::string(Entry::abbreviation); });
}

}  // namespace shallows
