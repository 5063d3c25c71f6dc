// The list of activation functions of hidden rate neurons. An entry says what a neuron answers to an
// activation a, and the slope there, in terms of the answer y: what errors are multiplied by on their way
// down.
#pragma once

#include <cmath>
#include <string_view>

#include "sim/core/fields.hpp"
#include "sim/core/list.hpp"

namespace shallows {

struct Rectified {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "relu";
  static constexpr std::string_view about = "y = max(0, a), as in the paper";
  static float answer(float a) { return a < 0.0F ? 0.0F : a; }
  static float slope(float y) { return y > 0.0F ? 1.0F : 0.0F; }
};

/// Krotov and Hopfield (2019) raise the answers of learned hidden neurons to a power, so that few of them count.
struct RectifiedSquare {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "relu-squared";
  static constexpr std::string_view about = "y = max(0, a)^2: the most active neurons count";
  static float answer(float a) { return a < 0.0F ? 0.0F : a * a; }
  static float slope(float y) { return 2.0F * std::sqrt(y); }
};

struct Linear {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "linear";
  static constexpr std::string_view about = "y = a, without a threshold";
  static float answer(float a) { return a; }
  static float slope(float) { return 1.0F; }
};

struct HyperbolicTangent {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "tanh";
  static constexpr std::string_view about = "y = tanh(a)";
  static float answer(float a) { return std::tanh(a); }
  static float slope(float y) { return 1.0F - y * y; }
};

struct Logistic {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "logistic";
  static constexpr std::string_view about = "y = 1 / (1 + exp(-a))";
  static float answer(float a) { return 1.0F / (1.0F + std::exp(-a)); }
  static float slope(float y) { return y * (1.0F - y); }
};

using Activations = List<Rectified, Linear, HyperbolicTangent, Logistic, RectifiedSquare>;
using ActivationChoice = Activations::Chosen;

}  // namespace shallows
