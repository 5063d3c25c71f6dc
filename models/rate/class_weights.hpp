// Weights between a layer and the classes, laid out for kernels that take all classes of an input at once.
#pragma once

#include <cassert>
#include <cstddef>
#include <span>
#include <vector>

#include "sim/core/aligned_vector.hpp"

namespace shallows {

/// Classes that share a pass over the inputs.
inline constexpr std::size_t kClassLanes = 16;

class ClassWeights {
 public:
  ClassWeights(std::size_t inputs, std::size_t classes)
      : inputs_(inputs),
        classes_(classes),
        stride_((classes + kClassLanes - 1) / kClassLanes * kClassLanes),
        values_(inputs * stride_, 0.0F) {}

  std::size_t inputs() const { return inputs_; }
  std::size_t classes() const { return classes_; }
  /// Classes, padded to whole groups of lanes; what is between has weight 0.
  std::size_t stride() const { return stride_; }

  /// [input][stride].
  float* data() { return values_.data(); }
  const float* data() const { return values_.data(); }

  /// From and to [class][input].
  void assign(std::span<const float> by_class) {
    assert(by_class.size() == classes_ * inputs_);
    for (std::size_t i = 0; i < classes_; ++i) {
      for (std::size_t j = 0; j < inputs_; ++j) values_[j * stride_ + i] = by_class[i * inputs_ + j];
    }
  }
  std::vector<float> by_class() const {
    std::vector<float> by_class(classes_ * inputs_);
    for (std::size_t i = 0; i < classes_; ++i) {
      for (std::size_t j = 0; j < inputs_; ++j) by_class[i * inputs_ + j] = values_[j * stride_ + i];
    }
    return by_class;
  }

 private:
  std::size_t inputs_;
  std::size_t classes_;
  std::size_t stride_;
  AlignedVector<float> values_;
};

}  // namespace shallows
