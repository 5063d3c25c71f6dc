// The leaky integrate-and-fire neuron of sim/neurons/lif.hpp as a differential equation: the check of its
// closed form.
//
//     tau dv/dt = -v + I        v >= theta: spike, v <- v_reset
//
// State: v (mV). Drive I in mV, includes the resting level. Jumps in mV.
#pragma once

#include <array>

#include "sim/neurons/lif.hpp"

namespace shallows::ode {

struct LifNeuron {
  using State = std::array<double, 1>;

  LifParams params;
  double threshold_mV;

  State derivative(const State& state, double drive_mV) const {
    return {(drive_mV - state[0]) / params.tau_ms};
  }
  double excess(const State& state) const { return state[0] - threshold_mV; }
  void reset(State& state) const { state[0] = params.reset_mV; }
  void receive(State& state, double jump_mV) const { state[0] += jump_mV; }
  void hold(State& rate) const { rate[0] = 0.0; }
  double refractory_ms() const { return params.refractory_ms; }
};

}  // namespace shallows::ode
