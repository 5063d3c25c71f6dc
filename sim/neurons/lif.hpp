// Leaky integrate-and-fire neuron with delta synapses (Illing et al. 2019, lifintegrator).
//
//     tau dv/dt = -v + I             I constant between events, in mV; includes the resting level
//     v >= theta:  spike, v <- v_reset, and arrivals are lost for refractory_ms
//     (sim/neurons/refractoriness.hpp) arrival of a spike over synapse j -> i:  v_i += w_ij
//
// Between events v(t + d) = I + (v(t) - I) exp(-d / tau), so everything below is exact. Times in ms, voltages
// in mV.
#pragma once

#include <vector>

#include "sim/core/fields.hpp"
#include "sim/core/types.hpp"

namespace shallows {

/// What all neurons of a network share. Defaults: Illing et al. 2019, EventBasedIntegrator.jl.
struct LifParams {
  double tau_ms = 25.0;
  double reset_mV = 0.0;
  double refractory_ms = 0.0;

  static Fields<LifParams> fields();
};

/// One neuron's state at some instant.
struct LifState {
  double v_mV = 0.0;
  /// Time from that instant until the neuron leaves refractoriness; 0 when it is not refractory. While it is
  /// positive, v_mV is meaningless.
  double refractory_left_ms = 0.0;
};

namespace lif {

/// Membrane voltage after `elapsed_ms` without an event.
double decay(double v_mV, double drive_mV, double elapsed_ms, double tau_ms);

/// Time until the voltage reaches the threshold without an arrival: 0 if it is there already, infinity if the
/// drive can't lift it there.
TimeMs time_to_threshold(double v_mV, double drive_mV, double threshold_mV, double tau_ms);

/// Interval between spikes under a constant drive; infinity if drive <= threshold.
TimeMs period(const LifParams& params, double drive_mV, double threshold_mV);

/// Spike times in [0, duration) of a neuron that receives a constant drive and no arrivals, appended to
/// `times`; `state` moves from 0 to `duration`. A spike that falls on `duration` itself belongs to what
/// follows.
void periodic_train(const LifParams& params, double drive_mV, double threshold_mV, TimeMs duration,
                    LifState& state, std::vector<TimeMs>& times);

}  // namespace lif
}  // namespace shallows
