// The list of rules by which populations of sparse-coding neurons learn
// (models/banks/learning/sparse_coding.hpp): one for the weights from the input, which is a rate rule, and
// one for their inhibition and thresholds. A rule is
//
//     struct MyRule {
//       struct Params { ...; static Fields<Params> fields(); };
//       static constexpr std::string_view name = "my", about = "...";
//       using Forward = Hebb;  // the rate rule of the weights from the input
//       static double first_threshold(const Params&);
//       static constexpr bool silent_ones_inhibit = false;  // whether neurons learn to inhibit while silent
//       static double inhibition_increment(double y_i, double mean_i, double y_j);  // of i by j
//       static double threshold_increment(double y_i);
//     };
//
// where y are the answers to one input and <y_i> is the mean so far. Inhibition stays non-negative.
#pragma once

#include <string_view>

#include "plasticity/rates/hebbian_rules.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/list.hpp"

namespace shallows {

/// Of both rules.
inline constexpr double kInhibitionRate = 1e-2;

/// Brito and Gerstner (2016): dV_ij = 0.01 (y_i - <y_i>) y_j, thresholds that stay.
struct BritoRule {
  struct Params {
    double sparse_threshold = 1e-2;  ///< lambda

    static Fields<Params> fields() {
      return {field("sparse_threshold", &Params::sparse_threshold, "",
                    "threshold of the sparse-coding neurons", non_negative(1e6))};
    }
  };
  static constexpr std::string_view name = "brito";
  static constexpr std::string_view about =
      "Brito and Gerstner 2016: unit weights, inhibition of what goes together";

  using Forward = NormalisedHebb;
  static double first_threshold(const Params& params) { return params.sparse_threshold; }
  static constexpr bool silent_ones_inhibit = false;
  static double inhibition_increment(double y_i, double mean_i, double y_j) {
    return kInhibitionRate * (y_i - mean_i) * y_j;
  }
  static double threshold_increment(double) { return 0.0; }
};

/// Foeldiak (1990): dV_ij = 0.01 (y_i y_j - p^2), dtheta_i = 0.01 (y_i - p) with a mean activity p of 0.1.
struct FoldiakRule {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "foldiak";
  static constexpr std::string_view about = "Foeldiak 1990: thresholds that keep the mean activity at 0.1";

  using Forward = Instar;
  static constexpr double kActivity = 0.1;
  static double first_threshold(const Params&) { return 5.0; }
  static constexpr bool silent_ones_inhibit = true;
  static double inhibition_increment(double y_i, double, double y_j) {
    return kInhibitionRate * (y_i * y_j - kActivity * kActivity);
  }
  static double threshold_increment(double y_i) { return 1e-2 * (y_i - kActivity); }
};

using SparseRules = List<BritoRule, FoldiakRule>;
using SparseRuleChoice = SparseRules::Chosen;

}  // namespace shallows
