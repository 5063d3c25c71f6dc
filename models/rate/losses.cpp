#include "models/rate/losses.hpp"

#include <cmath>
#include <limits>

#include "sim/vector/exp_many.hpp"

namespace shallows {

double surprise(float probability) {
  return -std::log(std::max(double{probability}, double{std::numeric_limits<float>::min()}));
}

std::vector<float> softmax(std::span<const float> activations) {
  const float largest = *std::max_element(activations.begin(), activations.end());
  std::vector<double> powers;
  // exp_many is for |x| <= 700; what is far below the largest has probability 0 in any case.
  for (const float a : activations) powers.push_back(std::max(static_cast<double>(a - largest), -700.0));
  exp_many(powers, powers);
  double sum = 0.0;
  for (const double power : powers) sum += power;
  std::vector<float> probabilities;
  for (const double power : powers) probabilities.push_back(static_cast<float>(power / sum));
  return probabilities;
}

std::vector<float> logistic(std::span<const float> activations) {
  std::vector<double> powers;
  for (const float a : activations) powers.push_back(std::clamp(-double{a}, -700.0, 700.0));
  exp_many(powers, powers);
  std::vector<float> answers;
  for (const double power : powers) answers.push_back(static_cast<float>(1.0 / (1.0 + power)));
  return answers;
}

std::vector<float> answers_of(std::span<const float> activations, const ReadoutLossChoice& loss) {
  const bool finite =
      std::all_of(activations.begin(), activations.end(), [](float a) { return std::isfinite(a); });
  if (!finite) return SquaredError::answers(activations);
  return with_chosen(ReadoutLosses(), loss.index(), [&]<class Loss>() { return Loss::answers(activations); });
}

}  // namespace shallows
