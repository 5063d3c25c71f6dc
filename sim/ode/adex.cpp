#include "sim/ode/adex.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "sim/core/error.hpp"

namespace shallows::ode {

namespace {

/// exp() of more overflows in the solver's error estimate.
constexpr double exponent_limit = 300.0;

[[noreturn]] void refuse(const std::string& problem, const std::string& suggestion) {
  throw Error(ErrorKind::configuration, "adaptive exponential neuron: " + problem + "; " + suggestion);
}

void check(const AdexParams& params) {
  for (const auto& [name, value] :
       {std::pair{"capacitance_pF", params.capacitance_pF}, std::pair{"leak_nS", params.leak_nS},
        std::pair{"slope_mV", params.slope_mV}, std::pair{"tau_w_ms", params.tau_w_ms}}) {
    if (!(value > 0.0 && std::isfinite(value))) {
      refuse(std::string(name) + " is " + std::to_string(value) + " (it divides)", "give a positive number");
    }
  }
  if (!(params.refractory_ms >= 0.0)) {
    refuse("refractory_ms is negative (a time is not)", "give 0 or a positive number");
  }
  if (!(params.reset_mV < params.peak_mV)) {
    refuse("reset_mV is not below peak_mV (the neuron would spike again at once)", "lower reset_mV");
  }
  if (!((params.peak_mV - params.threshold_mV) / params.slope_mV < exponent_limit)) {
    refuse("peak_mV is too far above threshold_mV (exp((peak - threshold) / slope) overflows)",
           "lower peak_mV: the spike's time hardly depends on it");
  }
}

}  // namespace

AdexNeuron::AdexNeuron(const AdexParams& params)
    : params_((check(params), params)),
      // Trial steps of the solver overshoot the peak. Beyond it the solution is not used, but it must stay
      // finite; one slope factor of margin keeps the equation smooth around the crossing.
      largest_exponent_((params.peak_mV - params.threshold_mV) / params.slope_mV + 1.0) {}

AdexNeuron::State AdexNeuron::derivative(const State& state, double drive_pA) const {
  const auto [v, w] = state;
  const double exponent = std::min((v - params_.threshold_mV) / params_.slope_mV, largest_exponent_);
  const double leak = params_.leak_nS * (params_.slope_mV * std::exp(exponent) - (v - params_.rest_mV));
  return {(leak - w + drive_pA) / params_.capacitance_pF,
          (params_.coupling_nS * (v - params_.rest_mV) - w) / params_.tau_w_ms};
}

void AdexNeuron::reset(State& state) const {
  state[0] = params_.reset_mV;
  state[1] += params_.jump_w_pA;
}

}  // namespace shallows::ode
