// Sparse coding of the patches by neurons that compete (Illing et al. 2019, SC;
// models/banks/learning/sparse_coding.hpp).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "encoders/bank.hpp"
#include "models/banks/hidden_inhibition.hpp"
#include "models/banks/learned_params.hpp"
#include "models/banks/learning/recurrent_dynamics.hpp"
#include "models/banks/sparse_rules.hpp"

namespace shallows {

struct SparseParams : LearnedParams, OnlineParams {
  SparseRuleChoice sparse_rule = {};
  SparseDynamics sparse_dynamics = SparseDynamics::fixed_point;
  /// How the neurons respond in a rate network whose bank is fixed.
  HiddenInhibition inhibition = HiddenInhibition::none;
  /// A quirk of the released code: the bank is scaled anew by what is measured on the (unlabelled) images of
  /// each set that the network is evaluated on. Clean: by the training images alone.
  bool per_set_scale = false;

  static Fields<SparseParams> fields();
};

struct SparseBank : LearnedBank {
  using Params = SparseParams;
  static constexpr std::string_view name = "sparse";
  static constexpr std::string_view abbreviation = "sc";
  static constexpr std::string_view about = "sparse coding of patches with recurrent inhibition";

  static std::optional<Problem> problem(const Params& params, const BankShape& shape,
                                        const ImageShape* images);
  static std::optional<MadeBank> make(const Params& params, const BankShape& shape, const BankSource& source);
};

}  // namespace shallows
