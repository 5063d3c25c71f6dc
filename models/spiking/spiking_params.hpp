// Parameters of the spiking network (Illing et al. 2019, LIF_Spiking_RP_RG_MNIST.jl; fact sheet, section 7).
#pragma once

#include "encoders/current_encoder.hpp"
#include "sim/core/types.hpp"
#include "sim/neurons/lif.hpp"

namespace shallows {

/// theta_i = threshold + U(0, 1) * spread, drawn once per neuron of every population.
struct ThresholdParams {
  double threshold_mV = 20.0;
  double threshold_spread_mV = 1.0;
};

struct SpikingReadoutParams {
  double bias_mV = 20.0;
  /// Initial weights ~ N(0, 1) * weight_scale / sqrt(hidden size).
  double weight_scale_mV = 20.0;
  double trace_tau_ms = 20.0;
  /// Rate that the teacher asks of the true class's neuron; 0 of the others. 0.5 kHz = 500 Hz.
  double target_kHz = 0.5;
  /// Weight decay factor (1 - learning rate / bound) at each update; 0 switches the decay off.
  double weight_bound_mV = 0.0;
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
  SpikingReadoutParams readout;
  ProtocolParams protocol;
  EngineKind engine = EngineKind::automatic;
  Precision precision = Precision::single_precision;
};

}  // namespace shallows
