// Softplus: a rectified unit without its corner.
#pragma once

#include <cmath>
#include <string_view>

#include "sim/core/fields.hpp"

namespace shallows {

struct Softplus {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "softplus";
  static constexpr std::string_view about = "y = log(1 + exp(a))";
  static float answer(float a) { return std::log1p(std::exp(a)); }
  static float slope(float y) { return 1.0F - std::exp(-y); }
};

}  // namespace shallows
