// Principal components of the patches (Illing et al. 2019, PCA): in batch as released, or by local rules.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "encoders/bank.hpp"
#include "models/banks/component_rules.hpp"
#include "models/banks/learned_params.hpp"

namespace shallows {

struct PcaParams : LearnedParams, OnlineParams {
  PcaRules::Chosen pca_rule = {};

  PcaParams() { fit_rate = 0.5; }
  static Fields<PcaParams> fields();
};

struct PcaBank : LearnedBank {
  using Params = PcaParams;
  static constexpr std::string_view name = "pca";
  static constexpr std::string_view abbreviation = "pca";
  static constexpr std::string_view about = "principal components of patches, in batch or by a local rule";

  static std::optional<Problem> problem(const Params& params, const BankShape& shape,
                                        const ImageShape* images);
  static std::optional<MadeBank> make(const Params& params, const BankShape& shape, const BankSource& source);
};

}  // namespace shallows
