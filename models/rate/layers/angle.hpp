// The angle between two sets of weights or of their changes, summed up part by part.
#pragma once

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <optional>
#include <span>

namespace shallows {

class Angle {
 public:
  /// Goes on with two parts of equal size.
  void add(std::span<const float> a, std::span<const float> b) {
    assert(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double u = double{a[i]}, v = double{b[i]};
      dot_ += u * v;
      squares_a_ += u * u;
      squares_b_ += v * v;
    }
  }
  void add(const Angle& part) {
    dot_ += part.dot_;
    squares_a_ += part.squares_a_;
    squares_b_ += part.squares_b_;
  }
  /// As if all of the first set had the other sign.
  void turn() { dot_ = -dot_; }

  /// Nothing if one of them is zero.
  std::optional<double> degrees() const {
    if (!(squares_a_ > 0.0) || !(squares_b_ > 0.0)) return {};
    const double cosine = std::clamp(dot_ / std::sqrt(squares_a_ * squares_b_), -1.0, 1.0);
    return std::acos(cosine) * 180.0 / std::numbers::pi;
  }

 private:
  double dot_ = 0.0;
  double squares_a_ = 0.0;
  double squares_b_ = 0.0;
};

}  // namespace shallows
