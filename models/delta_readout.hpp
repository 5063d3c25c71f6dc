// The readout of the rate networks: rectified units trained online by the delta rule
// (plasticity/delta_rule.hpp).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "sim/aligned_vector.hpp"

namespace shallows {

class DeltaReadout {
 public:
  /// `weights` is [class][input]; biases one per class.
  DeltaReadout(std::size_t inputs, std::span<const float> weights, std::span<const float> biases);

  std::size_t inputs() const { return inputs_; }
  std::size_t classes() const { return classes_; }

  /// Rectified activations, one per class.
  std::vector<float> respond(std::span<const float> pre) const;
  /// One step towards the one-hot target; returns the rectified activations before it.
  std::vector<float> learn(std::span<const float> pre, std::size_t label, double learning_rate);

  /// [class][input].
  std::vector<float> weights() const;
  std::vector<float> biases() const;
  void restore(std::span<const float> weights, std::span<const float> biases);

 private:
  std::size_t inputs_;
  std::size_t classes_;
  std::size_t stride_;            // classes, padded to whole groups of lanes
  AlignedVector<float> weights_;  // [input][stride]
  AlignedVector<float> biases_;   // [stride]
};

}  // namespace shallows
