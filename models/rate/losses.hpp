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

/// -log p, of a probability that may have been rounded to 0.
double surprise(float probability);

/// Probabilities: exp(a_i) / sum over k of exp(a_k).
std::vector<float> softmax(std::span<const float> activations);
/// 1 / (1 + exp(-a_i)).
std::vector<float> logistic(std::span<const float> activations);

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
  static double loss(std::span<const float> answers, std::size_t label) {
    double sum = 0.0;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const double error = (i == label ? 1.0 : 0.0) - double{answers[i]};
      sum += 0.5 * error * error;
    }
    return sum;
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
  static double loss(std::span<const float> answers, std::size_t label) { return surprise(answers[label]); }
};

/// Of each unit: -t log y - (1 - t) log(1 - y).
struct LogisticCrossEntropy {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "logistic-cross-entropy";
  static constexpr std::string_view about =
      "a logistic unit for each class, which answers yes or no for itself";

  static std::vector<float> answers(std::span<const float> activations) { return logistic(activations); }
  static float step(float learning_rate, float, float answer, float target) {
    return SoftmaxRule<float>{.learning_rate = learning_rate}.step(answer, target);
  }
  static double loss(std::span<const float> answers, std::size_t label) {
    double sum = 0.0;
    for (std::size_t i = 0; i < answers.size(); ++i)
      sum += surprise(i == label ? answers[i] : 1.0F - answers[i]);
    return sum;
  }
};

using ReadoutLosses = List<SquaredError, CrossEntropy, LogisticCrossEntropy>;
using ReadoutLossChoice = ReadoutLosses::Chosen;

/// What units of this loss answer. Activations that are not finite stay so, if not negative.
std::vector<float> answers_of(std::span<const float> activations, const ReadoutLossChoice& loss);

}  // namespace shallows
