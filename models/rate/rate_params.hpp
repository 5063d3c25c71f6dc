// Parameters of the rate network (Illing et al. 2019, ratenets/core.jl).
#pragma once

#include <array>
#include <cstddef>

#include "encoders/complex_cells.hpp"
#include "encoders/layers/upper_layers.hpp"
#include "models/banks/hidden_inhibition.hpp"
#include "models/rate/activations.hpp"
#include "models/rate/losses.hpp"
#include "models/rate/readout_rules.hpp"
#include "plasticity/rates/hidden_rules.hpp"
#include "plasticity/rates/modifiers.hpp"
#include "plasticity/rates/optimisers.hpp"
#include "sim/core/fields.hpp"

namespace shallows {

/// A hidden layer h = phi(W x + b), b ~ U(0, bias_max) - threshold.
struct RateLayerParams {
  double bias_max = 0.1;
  double threshold = 0.0;  ///< not in the paper: what lies below is not answered, a sparser code
  ActivationChoice activation = {};
  HiddenRuleChoice rule = {};  ///< fixed by default
  RuleModifiers modifiers = {};
  double centring = 0.0;  ///< of layers above the first: part by which the offset of their inputs moves

  static Fields<RateLayerParams> fields();
};

/// Of hidden layers 2, 3, ...: without random biases by default.
struct UpperRateLayers : std::array<RateLayerParams, kMostUpperLayers> {
  UpperRateLayers() {
    for (RateLayerParams& layer : *this) layer.bias_max = 0.0;
  }
};

/// Hidden layers, the first of which sees x - mean; readout relu(W2 h + b2), or softmax, trained by the delta
/// rule. b2 ~ U(0, readout_bias_max); readout weights ~ N(0, 1) * readout_weight_scale / sqrt(inputs).
struct RateParams {
  RateLayerParams hidden = {};
  UpperRateLayers upper = {};
  double readout_bias_max = 0.1;
  double readout_weight_scale = 0.1;
  WeightDistribution readout_distribution = WeightDistribution::normal;
  double readout_centring = 0.0;
  ReadoutLossChoice loss = {};  ///< squared error by default
  RateReadoutRuleChoice readout_rule = {};
  RuleModifiers readout_modifiers = {};
  OptimiserChoice optimiser = {};  ///< of all that learns
  /// Images whose errors are averaged into one update of what learns.
  std::size_t batch = 1;
  // What the first layer's bank and its configuration say:
  HiddenInhibition inhibition = HiddenInhibition::none;  ///< of a bank that is fixed
  ComplexCells cells = {};

  static Fields<RateParams> fields();
};

}  // namespace shallows
