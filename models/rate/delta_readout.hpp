// The readout of the rate networks: rectified units trained online by the delta rule
// (plasticity/rates/delta_rule.hpp), or softmax units under cross-entropy
// (plasticity/rates/softmax_rule.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "models/rate/class_weights.hpp"
#include "models/rate/rate_params.hpp"
#include "sim/core/aligned_vector.hpp"

namespace shallows {

class DeltaReadout {
 public:
  /// `weights` is [class][input]; biases one per class.
  DeltaReadout(std::size_t inputs, std::span<const float> weights, std::span<const float> biases,
               ReadoutLossChoice loss = {});

  std::size_t inputs() const { return matrix_.inputs(); }
  std::size_t classes() const { return matrix_.classes(); }

  /// Rectified activations or probabilities, one per class; not finite if the weights have diverged.
  std::vector<float> respond(std::span<const float> pre) const;
  /// One step towards the one-hot target; returns what respond() would have said before it.
  std::vector<float> learn(std::span<const float> pre, std::size_t label, double learning_rate);

  /// Of answers to an image of this class.
  double loss_of(std::span<const float> answers, std::size_t label) const;

  // The same in parts, for a layer below that learns too.

  /// The first half of learn(): what the step will be. The weights stay as they are until apply().
  std::vector<float> judge(std::span<const float> pre, std::size_t label, double learning_rate);
  /// errors[j] = sum over the classes i of feedback_ij step_i for every input j that is not 0; 0 for the others,
  /// which are rectified and learn nothing.
  void send_back(const ClassWeights& feedback, std::span<float> errors) const;
  void apply();

  const ClassWeights& matrix() const { return matrix_; }
  /// [class][input].
  std::vector<float> weights() const { return matrix_.by_class(); }
  std::vector<float> biases() const;
  void restore(std::span<const float> weights, std::span<const float> biases);

  /// An input that is not zero.
  struct ActiveInput {
    std::uint32_t index;
    float value;
  };

 private:
  ReadoutLossChoice loss_;
  ClassWeights matrix_;
  AlignedVector<float> biases_;  // padded
  // Of the image that is being learned:
  std::vector<ActiveInput> active_;
  AlignedVector<float> step_;  // padded
};

}  // namespace shallows
