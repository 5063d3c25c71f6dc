// Teacher-signal STDP (Illing et al. 2019, TeacherSignalPlasticity).
//
// At each presynaptic arrival, right after its voltage jump, for every readout neuron i:
//     w_ij += eta (target_i - tr_i)                     tr_i: spike trace of neuron i, in kHz
//     tau_tr dtr_i/dt = -tr_i + sum_f delta(t - t_i^f)  so each spike adds 1 / tau_tr
// The presynaptic rate enters through the number of arrivals: on average a delta rule on rates. With a bound,
// each update also decays the weight, its own increment included, as the released code does:
//     w_ij <- (w_ij + eta (target_i - tr_i)) (1 - eta / bound)
#pragma once

#include <fmt/core.h>

#include <string_view>

#include "plasticity/spikes/spike_rule.hpp"
#include "sim/core/fields.hpp"

namespace shallows {

struct TeacherStdpParams {
  double trace_tau_ms = 20.0;
  /// Rate that the teacher asks of the true class's neuron; 0 of the others. 0.5 kHz = 500 Hz.
  double target_kHz = 0.5;
  /// Weight decay factor (1 - learning rate / bound) at each update; 0 switches the decay off.
  double weight_bound_mV = 0.0;

  static Fields<TeacherStdpParams> fields() {
    return {field("trace_tau_ms", &TeacherStdpParams::trace_tau_ms, "ms", "time constant of the spike traces",
                  positive(kLongestTime)),
            field("target_kHz", &TeacherStdpParams::target_kHz, "kHz",
                  "rate the teacher asks of the true class's neuron", non_negative(1e3)),
            field("weight_bound_mV", &TeacherStdpParams::weight_bound_mV, "mV",
                  "weight decay by 1 - learning rate / bound at each update; 0: none", non_negative(1e12))};
  }
};

template <class Real>
struct TeacherStdp {
  Real learning_rate;
  Real keep = 1;  ///< 1 - learning_rate / bound; 1 without weight decay

  /// The weight after an arrival. target and trace in kHz, weights in mV. V is Real, or a compiler vector of
  /// them (by reference, because such types have no portable way by value).
  template <class V>
  void on_pre(V& weight, const V& target, const V& trace) const {
    weight = (weight + learning_rate * (target - trace)) * keep;
  }

  /// `bound_mV` 0 switches the weight decay off.
  static TeacherStdp with(double learning_rate, double bound_mV) {
    const double keep = bound_mV > 0.0 ? 1.0 - learning_rate / bound_mV : 1.0;
    return {.learning_rate = static_cast<Real>(learning_rate), .keep = static_cast<Real>(keep)};
  }
};

/// The entry of the list (plasticity/spikes/spike_rules.hpp).
struct TeacherStdpRule {
  using Params = TeacherStdpParams;
  static constexpr std::string_view name = "teacher-stdp";
  static constexpr std::string_view about =
      "spiking readout: dw = rate * (target - postsynaptic trace) at every presynaptic arrival";
  template <class Real>
  using Rule = TeacherStdp<Real>;

  template <class Real>
  static TeacherStdp<Real> make(const Params& params, double learning_rate) {
    return TeacherStdp<Real>::with(learning_rate, params.weight_bound_mV);
  }
  static TraceTaus taus(const Params& params) { return {params.trace_tau_ms, params.trace_tau_ms}; }
  static double target_kHz(const Params& params) { return params.target_kHz; }
  static std::optional<Problem> problem(const Params& params, double learning_rate) {
    if (params.weight_bound_mV <= 0.0 || learning_rate < params.weight_bound_mV) return std::nullopt;
    return Problem{fmt::format("the learning rate, {}, is not below weight_bound_mV = {}", learning_rate,
                               params.weight_bound_mV),
                   "every update would erase a weight or change its sign",
                   "raise the bound or lower the rate"};
  }
};

}  // namespace shallows
