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

  // The same in parts, for a layer below that learns too, and for batches of images.

  /// The first half of learn(): what the step of image `k` of the batch will be. The weights stay as they are
  /// until apply().
  std::vector<float> judge(std::span<const float> pre, std::size_t label, double learning_rate,
                           std::size_t k = 0);
  /// Which inputs of an image hear of its errors: those that are not 0, which is enough where the others
  /// learn nothing from them, or all.
  enum class Hearers { active, all };
  /// errors[j] = sum over the classes i of feedback_ij step_i for every input j of image `k` that hears of
  /// it; 0 for the others.
  void send_back(const ClassWeights& feedback, std::span<float> errors, std::size_t k = 0,
                 Hearers hearers = Hearers::active) const;
  /// Makes the steps of the first `count` images.
  void apply(std::size_t count = 1);

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
  struct Step {
    std::vector<ActiveInput> active;
    AlignedVector<float> of_class;  // padded
  };
  std::vector<Step> steps_;  // of the images that are being learned
};

}  // namespace shallows
