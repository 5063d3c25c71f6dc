// The list of rules by which a hidden layer of a rate network learns, inside its patches.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "plasticity/rates/competitive_rules.hpp"
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
    List<FixedHidden, Backprop, FeedbackAlignment, DirectFeedbackAlignment, HebbianDescent, Hebb,
         NormalisedHebb, Instar, Oja, OjaSubspace, Sanger, NonlinearHebb, KrotovHopfield, SoftHebb>;
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

/// Null unless errors come back through weights of their own.
inline const FeedbackParams* feedback_params(const HiddenRuleChoice& rule) {
  return std::visit(
      [](const auto& params) -> const FeedbackParams* {
        if constexpr (std::derived_from<std::decay_t<decltype(params)>, FeedbackParams>) return &params;
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

/// Where the errors of a layer with this rule come from, or pass through one that does not learn.
inline ErrorPath error_path(const HiddenRuleChoice& rule) {
  return with_chosen(HiddenRules(), rule.index(), []<class Entry>() {
    if constexpr (requires { Entry::path; }) return Entry::path;
    return ErrorPath::transpose;
  });
}

/// Whether errors at answers become errors at activations by the slope of the activation.
inline bool keeps_slope(const HiddenRuleChoice& rule) {
  return with_chosen(HiddenRules(), rule.index(), [&]<class Entry>() {
    if constexpr (requires(const typename Entry::Params& params) { Entry::keeps_slope(params); })
      return Entry::keeps_slope(std::get<typename Entry::Params>(rule));
    return true;
  });
}

/// Empty if the hidden layer does not learn.
inline std::string abbreviation_of(const HiddenRuleChoice& rule) {
  return with_chosen(HiddenRules(), rule.index(),
                     []<class Entry>() { return std::string(Entry::abbreviation); });
}

}  // namespace shallows
