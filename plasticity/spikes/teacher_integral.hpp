// Teacher STDP as an integral over time (Illing et al. 2019, TeacherSignalPlasticitySTDP): both traces count,
// of the synapse's neurons j and i, all the time instead of at arrivals.
//
//     dw/dt = eta tr_j (target_i - tr_i)        traces in kHz, both with tau
// Between events of the synapse, from the traces at the last one and for the time s since then:
//     exact:        dw = eta tau tr_j [ target_i (1 - exp(-s / tau)) - tr_i (1 - exp(-2 s / tau)) / 2 ]
//     as released:  dw = eta tau tr_j [ target_i (1 - exp(-s / tau)) - tr_i sqrt(pi) / 2 erf(s / tau) ]
// The second is not that integral; it is kept as a switch. The exact one does not depend on where the time is
// cut, and also counts what follows the last event of a lesson.
#pragma once

#include <cmath>
#include <numbers>
#include <string_view>

#include "plasticity/spikes/spike_rule.hpp"
#include "sim/core/fields.hpp"

namespace shallows {

enum class IntegralForm { exact, erf };

struct TeacherIntegralParams {
  double trace_tau_ms = 20.0;
  double target_kHz = 0.5;
  IntegralForm integral = IntegralForm::exact;

  static Fields<TeacherIntegralParams> fields() {
    using P = TeacherIntegralParams;
    return {field("trace_tau_ms", &P::trace_tau_ms, "ms", "time constant of the spike traces",
                  positive(kLongestTime)),
            field("target_kHz", &P::target_kHz, "kHz", "rate the teacher asks of the true class's neuron",
                  non_negative(1e3)),
            choice("integral", &P::integral, "form of the integral",
                   "of the product of the traces: exact, or with an error function (as released)",
                   {{"exact", IntegralForm::exact}, {"erf", IntegralForm::erf}})};
  }
};

class TeacherIntegral {
 public:
  TeacherIntegral(const TeacherIntegralParams& params, double learning_rate)
      : params_(params), learning_rate_(learning_rate) {}

  double on_pre(double weight, const SynapseEvent& event) const { return weight + change(event); }
  double on_post(double weight, const SynapseEvent& event) const { return weight + change(event); }
  double at_end(double weight, const SynapseEvent& event) const {
    return params_.integral == IntegralForm::exact ? weight + change(event) : weight;
  }

 private:
  double change(const SynapseEvent& event) const {
    const double tau = params_.trace_tau_ms;
    const TimeMs last = event.quiet_since();
    const double s = (event.now - last) / tau;
    const double pre = event.pre.then(last, tau), post = event.post.then(last, tau);
    const double loss = params_.integral == IntegralForm::exact
                            ? -std::expm1(-2.0 * s) / 2.0
                            : std::sqrt(std::numbers::pi) / 2.0 * std::erf(s);
    return learning_rate_ * tau * pre * (event.target_kHz * -std::expm1(-s) - post * loss);
  }

  TeacherIntegralParams params_;
  double learning_rate_;
};

struct TeacherIntegralRule {
  using Params = TeacherIntegralParams;
  static constexpr std::string_view name = "teacher-integral";
  static constexpr std::string_view about =
      "spiking readout: dw/dt = rate * presynaptic trace * (target - postsynaptic trace), all the time";
  template <class>
  using Rule = TeacherIntegral;

  template <class>
  static TeacherIntegral make(const Params& params, double learning_rate) {
    return {params, learning_rate};
  }
  static TraceTaus taus(const Params& params) { return {params.trace_tau_ms, params.trace_tau_ms}; }
  static double target_kHz(const Params& params) { return params.target_kHz; }
  static std::optional<Problem> problem(const Params&, double) { return std::nullopt; }
};

}  // namespace shallows
