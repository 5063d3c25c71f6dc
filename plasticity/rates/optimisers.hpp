// The list of optimisers: what is made of the increments that rules ask for. With g the increment of an update
// (of a taught rule minus the gradient), eta its learning rate, and squares and roots by component:
//
//     sgd        w <- w + eta g
//     momentum   v <- momentum v + g,             w <- w + eta v
//     rmsprop    s <- decay s + (1 - decay) g^2,  w <- w + eta g / (sqrt(s) + epsilon)
//     adam       m <- beta1 m + (1 - beta1) g,    s <- beta2 s + (1 - beta2) g^2,
//                w <- w + eta m' / (sqrt(s') + epsilon), m' = m / (1 - beta1^t), s' = s / (1 - beta2^t)
//
// (Tieleman and Hinton 2012; Kingma and Ba 2015.) A step is written for Eigen arrays, one value independent of
// the others; `states` arrays of the size of w belong to it, which begin with 0.
#pragma once

#include <cstdint>
#include <string_view>

#include "sim/core/fields.hpp"
#include "sim/core/list.hpp"

namespace shallows {

inline constexpr RealDomain kDecayDomain = {0.0, 0.999999};

struct Sgd {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "sgd";
  static constexpr std::string_view about = "plain increments, times the learning rate";
  static constexpr int states = 0;

  template <class Array, class State>
  static void step(const Params&, float rate, std::uint64_t, const Array& g, State& w, State*) {
    w += rate * g;
  }
};

struct Momentum {
  struct Params {
    double momentum = 0.9;

    static Fields<Params> fields() {
      return {field("momentum", &Params::momentum, "", "part of the last step that the next one keeps",
                    kDecayDomain)};
    }
  };
  static constexpr std::string_view name = "momentum";
  static constexpr std::string_view about = "increments go on: v <- momentum v + increment";
  static constexpr int states = 1;

  template <class Array, class State>
  static void step(const Params& params, float rate, std::uint64_t, const Array& g, State& w, State* v) {
    v[0] = static_cast<float>(params.momentum) * v[0] + g;
    w += rate * v[0];
  }
};

struct RmsProp {
  struct Params {
    double decay = 0.99;
    double epsilon = 1e-8;

    static Fields<Params> fields() {
      return {
          field("decay", &Params::decay, "", "part of the mean square that an update keeps", kDecayDomain),
          field("epsilon", &Params::epsilon, "", "added to the root mean square", positive(1.0))};
    }
  };
  static constexpr std::string_view name = "rmsprop";
  static constexpr std::string_view about = "increments over their root mean square";
  static constexpr int states = 1;

  template <class Array, class State>
  static void step(const Params& params, float rate, std::uint64_t, const Array& g, State& w, State* s) {
    const auto decay = static_cast<float>(params.decay);
    s[0] = decay * s[0] + (1.0F - decay) * g * g;
    w += rate * g / (s[0].sqrt() + static_cast<float>(params.epsilon));
  }
};

struct Adam {
  struct Params {
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;

    static Fields<Params> fields() {
      return {
          field("beta1", &Params::beta1, "", "part of the mean that an update keeps", kDecayDomain),
          field("beta2", &Params::beta2, "", "part of the mean square that an update keeps", kDecayDomain),
          field("epsilon", &Params::epsilon, "", "added to the root mean square", positive(1.0))};
    }
  };
  static constexpr std::string_view name = "adam";
  static constexpr std::string_view about = "mean increments over their root mean square";
  static constexpr int states = 2;

  /// base^exponent by squaring: std::pow does not promise the same bits everywhere.
  static double power(double base, std::uint64_t exponent) {
    double result = 1.0;
    for (; exponent > 0; exponent /= 2, base *= base) result *= exponent % 2 == 1 ? base : 1.0;
    return result;
  }

  /// t is 1 at the first update.
  template <class Array, class State>
  static void step(const Params& params, float rate, std::uint64_t t, const Array& g, State& w, State* m) {
    const auto beta1 = static_cast<float>(params.beta1), beta2 = static_cast<float>(params.beta2);
    m[0] = beta1 * m[0] + (1.0F - beta1) * g;
    m[1] = beta2 * m[1] + (1.0F - beta2) * g * g;
    // Of the rounded factors, as they are in the moments: next to 1 it would be felt.
    const auto unbiased = [t](float beta) { return static_cast<float>(1.0 - power(double{beta}, t)); };
    w += rate / unbiased(beta1) * m[0] /
         ((m[1] / unbiased(beta2)).sqrt() + static_cast<float>(params.epsilon));
  }
};

using Optimisers = List<Sgd, Momentum, RmsProp, Adam>;
using OptimiserChoice = Optimisers::Chosen;

}  // namespace shallows
