// Adaptive exponential integrate-and-fire neuron (Brette & Gerstner 2005, J. Neurophysiol. 94:3637).
//
//     C dV/dt = -g_L (V - E_L) + g_L D exp((V - V_T) / D) - w + I
//     tau_w dw/dt = a (V - E_L) - w
//     V >= V_peak:  spike, V <- V_reset, w <- w + b
//
// State: V (mV), w (pA). Drive I in pA; jumps of V in mV. While refractory V stands still and w goes on. With
// a = b = 0 and w = 0 it is the exponential integrate-and-fire neuron (Fourcaud-Trocme et al. 2003, J.
// Neurosci. 23:11628), which tends to the leaky integrate-and-fire neuron with threshold V_T as the slope
// factor D goes to 0.
#pragma once

#include <array>

namespace shallows::ode {

/// Defaults: Brette & Gerstner 2005, table 1.
struct AdexParams {
  double capacitance_pF = 281.0;
  double leak_nS = 30.0;
  double rest_mV = -70.6;
  double threshold_mV = -50.4;
  double slope_mV = 2.0;
  double tau_w_ms = 144.0;
  double coupling_nS = 4.0;  ///< a
  double jump_w_pA = 80.5;   ///< b
  double reset_mV = -70.6;
  double peak_mV = 20.0;
  double refractory_ms = 0.0;
};

class AdexNeuron {
 public:
  using State = std::array<double, 2>;

  /// Throws Error (configuration) if a parameter that must be positive is not, or if the reset is not below
  /// the peak.
  explicit AdexNeuron(const AdexParams& params);

  State derivative(const State& state, double drive_pA) const;
  double excess(const State& state) const { return state[0] - params_.peak_mV; }
  void reset(State& state) const;
  void receive(State& state, double jump_mV) const { state[0] += jump_mV; }
  void hold(State& rate) const { rate[0] = 0.0; }
  double refractory_ms() const { return params_.refractory_ms; }

  const AdexParams& params() const { return params_; }

 private:
  AdexParams params_;
  double largest_exponent_;
};

}  // namespace shallows::ode
