// Teacher-signal STDP (Illing et al. 2019, TeacherSignalPlasticity; fact sheet, section 7.3).
//
// At each presynaptic arrival, right after its voltage jump, for every readout neuron i:
//     w_ij += eta (target_i - tr_i)                     tr_i: spike trace of neuron i, in kHz
//     tau_tr dtr_i/dt = -tr_i + sum_f delta(t - t_i^f)  so each spike adds 1 / tau_tr
// The presynaptic rate enters through the number of arrivals: on average a delta rule on rates. With a bound,
// each update also decays the weight, its own increment included, as the released code does:
//     w_ij <- (w_ij + eta (target_i - tr_i)) (1 - eta / bound)
#pragma once

namespace shallows {

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

}  // namespace shallows
