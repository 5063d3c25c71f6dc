// Feedback weights B: by what errors reach a hidden layer that knows no weights above it, and how B itself
// learns. B has the shape of the weights W above, or of the readout's if errors come straight from there:
//
//     e_j = sum_i B_ij delta_i           delta_i: errors of the layer above, or of the readout
//
// Matrices: fixed random (Lillicrap et al. 2016); magnitudes of B with the signs of W, or +-1 (Liao, Leibo and
// Poggio 2016). Ways to learn, with h below and y above: Hebb's and Oja's rule of the activities; Kolen and
// Pollack (1994; Akrout et al. 2019): B changes as W does and both decay, so that B - W goes to 0; weight
// mirror (Akrout et al. 2019): Hebb's rule while noise drives the layer below.
#pragma once

#include <string_view>

#include "plasticity/rates/hebbian_rules.hpp"
#include "sim/core/chosen_fields.hpp"
#include "sim/core/rng.hpp"

namespace shallows {

struct RandomFeedback {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "random";
  static constexpr std::string_view about = "normal feedback weights";
  static constexpr bool signs_of_forward = false;
  static double draw(Rng& rng) { return rng.normal(); }
};

struct RandomMagnitudes {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "random-sign";
  static constexpr std::string_view about = "magnitudes of normal numbers, signs of the forward weights";
  static constexpr bool signs_of_forward = true;
  static double draw(Rng& rng) { return rng.normal(); }
};

struct BinaryFeedback {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "binary";
  static constexpr std::string_view about = "random signs, all of one magnitude";
  static constexpr bool signs_of_forward = false;
  static double draw(Rng& rng) { return rng.integer(2) == 0 ? -1.0 : 1.0; }
};

struct BinarySigns {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "binary-sign";
  static constexpr std::string_view about = "signs of the forward weights, all of one magnitude";
  static constexpr bool signs_of_forward = true;
  static double draw(Rng& rng) { return rng.integer(2) == 0 ? -1.0 : 1.0; }
};

using FeedbackMatrices = List<RandomFeedback, RandomMagnitudes, BinaryFeedback, BinarySigns>;

struct FixedFeedback {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "fixed";
  static constexpr std::string_view about = "feedback weights stay as they were drawn";
};

/// Of feedback that learns: per update, B <- (1 - rate decay) B + rate increment.
struct FeedbackRate {
  double rate = 1e-3;
  double decay = 0.0;

  static Fields<FeedbackRate> fields() {
    return {field("rate", &FeedbackRate::rate, "", "learning rate of the feedback weights", positive(1e6)),
            field("decay", &FeedbackRate::decay, "",
                  "part of the feedback weights that each update takes, over that rate", non_negative(1e6))};
  }
};

struct HebbianFeedback {
  struct Params : FeedbackRate {
    Params() { decay = 1.0; }
    static Fields<Params> fields() { return inherited<Params, FeedbackRate>(); }
  };
  static constexpr std::string_view name = "hebb";
  static constexpr std::string_view about = "feedback weights grow by the activities that they join";
  using Rule = Hebb;
};

struct OjasFeedback {
  struct Params : FeedbackRate {
    static Fields<Params> fields() { return inherited<Params, FeedbackRate>(); }
  };
  static constexpr std::string_view name = "oja";
  static constexpr std::string_view about = "the same with Oja's bound";
  using Rule = Oja;
};

struct KolenPollack {
  struct Params {
    double decay = 0.0;

    static Fields<Params> fields() {
      return {
          field("decay", &Params::decay, "",
                "part of the feedback and the forward weights that each update takes, over its learning rate",
                non_negative(1e6))};
    }
  };
  static constexpr std::string_view name = "kolen-pollack";
  static constexpr std::string_view about = "feedback weights change as the forward weights do";
};

struct WeightMirror {
  struct Params : FeedbackRate {
    double noise = 0.1;  ///< uniform between - noise / 2 and noise / 2

    Params() { rate = 1e-2; }
    static Fields<Params> fields() {
      return joined(
          inherited<Params, FeedbackRate>(),
          Fields<Params>{field("noise", &Params::noise, "",
                               "range of the uniform noise that drives the layer below", positive(1e6))});
    }
  };
  static constexpr std::string_view name = "mirror";
  static constexpr std::string_view about =
      "Hebb's rule while noise drives the layer below: B becomes W, scaled";
  using Rule = Hebb;
  static constexpr bool from_noise = true;
};

using FeedbackRules = List<FixedFeedback, HebbianFeedback, OjasFeedback, KolenPollack, WeightMirror>;

struct FeedbackParams {
  FeedbackMatrices::Chosen feedback = {};
  double feedback_scale = 0.1;  ///< deviation of the weights times root of the neurons of this layer
  FeedbackRules::Chosen feedback_rule = {};

  static Fields<FeedbackParams> fields() {
    return joined(
        chosen_fields<FeedbackMatrices>("feedback", &FeedbackParams::feedback, "matrix",
                                        "the weights by which errors come back", "feedback_"),
        Fields<FeedbackParams>{
            field("feedback_scale", &FeedbackParams::feedback_scale, "",
                  "feedback weights: standard deviation times root of the number of neurons of this layer",
                  positive(1e6))},
        chosen_fields<FeedbackRules>("feedback_rule", &FeedbackParams::feedback_rule, "rule",
                                     "how the feedback weights learn", "feedback_"));
  }
};

}  // namespace shallows
