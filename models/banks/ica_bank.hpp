// Independent components of the patches (Illing et al. 2019, ICA): FastICA in batch, or a local rule on
// inputs whitened by PCA.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "encoders/bank.hpp"
#include "models/banks/component_rules.hpp"
#include "models/banks/learned_params.hpp"

namespace shallows {

struct IcaParams : LearnedParams, OnlineParams {
  IcaRules::Chosen ica_rule = {};
  /// Of FastICA at most, which ends earlier where it has converged. 1: as released; 0: each population keeps
  /// the random rotation of its whitened patches that it starts from.
  std::uint64_t ica_steps = 200;
  double variance_floor = 0.0;  ///< added to the variances by which the components are whitened

  IcaParams() { fit_rate = 0.05; }
  static Fields<IcaParams> fields();
};

struct IcaBank : LearnedBank {
  using Params = IcaParams;
  static constexpr std::string_view name = "ica";
  static constexpr std::string_view abbreviation = "ica";
  static constexpr std::string_view about = "independent components of patches, FastICA or a local rule";

  static std::optional<Problem> problem(const Params& params, const BankShape& shape,
                                        const ImageShape* images);
  static std::optional<MadeBank> make(const Params& params, const BankShape& shape, const BankSource& source);
};

}  // namespace shallows
