// Parameters of the spiking network (Illing et al. 2019, LIF_Spiking_RP_RG_MNIST.jl).
#pragma once

#include <array>

#include "encoders/current_encoder.hpp"
#include "encoders/layers/upper_layers.hpp"
#include "plasticity/spikes/spike_rules.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/types.hpp"
#include "sim/neurons/lif.hpp"

namespace shallows {

/// Constant drives, the same by default for all.
struct UpperBiases : std::array<double, kMostUpperLayers> {
  UpperBiases() { fill(20.0); }
};

/// theta_i = threshold + U(0, 1) * spread, drawn once per neuron of every population.
struct ThresholdParams {
  double threshold_mV = 20.0;
  double threshold_spread_mV = 1.0;

  static Fields<ThresholdParams> fields();
};

struct SpikingReadoutParams {
  double bias_mV = 20.0;
  /// Initial weights ~ N(0, 1) * weight_scale / sqrt(hidden size).
  double weight_scale_mV = 20.0;
  SpikeRuleChoice rule;  ///< by which the readout learns

  static Fields<SpikingReadoutParams> fields();
};

/// One presentation: training = transient (learning off) + learning; test = test_ms, of which the last
/// count_ms count.
struct ProtocolParams {
  TimeMs transient_ms = 100.0;
  TimeMs learning_ms = 50.0;
  TimeMs test_ms = 200.0;
  TimeMs count_ms = 100.0;
  /// Voltages, traces and spikes in flight carry over from one training image to the next, as in the paper.
  bool carry_over = true;
  /// As released; by default every test image starts from one fixed state, so their order can't matter.
  bool test_carry_over = false;

  static Fields<ProtocolParams> fields();
};

enum class EngineKind {
  automatic,  ///< fast where it applies (see LifLayer::applies()), else reference
  fast,
  reference,
};

enum class Precision { single_precision, double_precision };

struct SpikingParams {
  LifParams neuron;
  ThresholdParams threshold;
  TimeMs delay_ms = 0.1;  ///< input to hidden and hidden to readout
  InputParams input;
  double hidden_bias_mV = 20.0;
  UpperBiases upper_bias_mV = {};  ///< of hidden layers 2, 3, ...
  SpikingReadoutParams readout;
  ProtocolParams protocol;
  EngineKind engine = EngineKind::automatic;
  Precision precision = Precision::single_precision;

  static Fields<SpikingParams> fields();
};

}  // namespace shallows
