// The list of rules by which the hidden layer of a rate network learns, inside its patches.
#pragma once

#include <string>
#include <string_view>

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

/// Of a hidden layer that is taught.
struct TaughtParams {
  double learning_rate_factor = 1.0;  ///< learning rate of the hidden layer over that of the readout

  static Fields<TaughtParams> fields();
};

struct BackpropParams : TaughtParams {
  static Fields<BackpropParams> fields();
};

struct Backprop {
  using Params = BackpropParams;
  static constexpr std::string_view name = "backprop";
  static constexpr std::string_view abbreviation = "bp";
  static constexpr std::string_view about = "errors come back through the readout's weights";
};

struct FeedbackAlignmentParams : TaughtParams {
  double feedback_scale = 0.1;  ///< feedback weights ~ N(0, 1) * feedback_scale / sqrt(hidden neurons)

  static Fields<FeedbackAlignmentParams> fields();
};

struct FeedbackAlignment {
  using Params = FeedbackAlignmentParams;
  static constexpr std::string_view name = "feedback-alignment";
  static constexpr std::string_view abbreviation = "fa";
  static constexpr std::string_view about = "errors come back through fixed random weights";
};

using HiddenRules = List<FixedHidden, Backprop, FeedbackAlignment>;
using HiddenRuleChoice = HiddenRules::Chosen;

/// Null if the hidden layer does not learn.
const TaughtParams* taught_params(const HiddenRuleChoice& rule);
/// Empty if the hidden layer does not learn.
std::string abbreviation_of(const HiddenRuleChoice& rule);

}  // namespace shallows
