#include "models/rate/hidden_rules.hpp"

#include <concepts>

namespace shallows {

const RateRuleParams* learning_params(const HiddenRuleChoice& rule) {
  return std::visit(
      [](const auto& params) -> const RateRuleParams* {
        if constexpr (std::derived_from<std::decay_t<decltype(params)>, RateRuleParams>) return &params;
        return nullptr;
      },
      rule);
}

bool is_taught(const HiddenRuleChoice& rule) {
  return with_chosen(HiddenRules(), rule.index(), []<class Entry>() {
    if constexpr (requires { Entry::taught; }) return Entry::taught;
    return false;
  });
}

std::string abbreviation_of(const HiddenRuleChoice& rule) {
  return with_chosen(HiddenRules(), rule.index(),
                     []<class Entry>() { return std::string(Entry::abbreviation); });
}

}  // namespace shallows
