// The list of losses by which the readout of a rate network learns online: what its units answer to their
// activations a, and the error of a unit with target t (1 of the true class, 0 of the others).
#pragma once

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "plasticity/rates/delta_rule.hpp"
#include "plasticity/rates/softmax_rule.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/list.hpp"

namespace shallows {

/// Probabilities: exp(a_i) / sum over k of exp(a_k).
std::vector<float> softmax(std::span<const float> activations);

struct SquaredError {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "squared-error";
  static constexpr std::string_view about = "rectified units, as in the paper; silent ones do not learn";

  static std::vector<float> answers(std::span<const float> activations) {
    std::vector<float> rates;
    for (const float a : activations) rates.push_back(a < 0.0F ? 0.0F : a);
    return rates;
  }
  /// Learning rate times the error.
  static float step(float learning_rate, float activation, float, float target) {
    return DeltaRule<float>{.learning_rate = learning_rate}.step(activation, target);
  }
};

struct CrossEntropy {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "cross-entropy";
  static constexpr std::string_view about = "softmax units, all of which learn from every image";

  static std::vector<float> answers(std::span<const float> activations) { return softmax(activations); }
  static float step(float learning_rate, float, float answer, float target) {
    return SoftmaxRule<float>{.learning_rate = learning_rate}.step(answer, target);
  }
};

using ReadoutLosses = List<SquaredError, CrossEntropy>;
using ReadoutLossChoice = ReadoutLosses::Chosen;

}  // namespace shallows
