#include "models/rate/hidden_rules.hpp"

#include <concepts>

namespace shallows {

Fields<TaughtParams> TaughtParams::fields() {
  return {field("learning_rate_factor", &TaughtParams::learning_rate_factor, "",
                "learning rate of the bank over that of the readout", positive(1e6))};
}

Fields<BackpropParams> BackpropParams::fields() { return inherited<BackpropParams, TaughtParams>(); }

Fields<FeedbackAlignmentParams> FeedbackAlignmentParams::fields() {
  return joined(inherited<FeedbackAlignmentParams, TaughtParams>(),
                Fields<FeedbackAlignmentParams>{field(
                    "feedback_scale", &FeedbackAlignmentParams::feedback_scale, "",
                    "fixed feedback weights: standard deviation times root of the number of hidden neurons",
                    positive(1e6))});
}

const TaughtParams* taught_params(const HiddenRuleChoice& rule) {
  return std::visit(
      [](const auto& params) -> const TaughtParams* {
        if constexpr (std::derived_from<std::decay_t<decltype(params)>, TaughtParams>) return &params;
        return nullptr;
      },
      rule);
}

std::string abbreviation_of(const HiddenRuleChoice& rule) {
  return with_chosen(HiddenRules(), rule.index(),
                     []<class Entry>() { return std::string(Entry::abbreviation); });
}

}  // namespace shallows
