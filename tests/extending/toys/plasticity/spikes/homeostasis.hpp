// Homeostasis: every spike of a neuron lowers its weights, so that none fires for ever.
#pragma once

#include <optional>
#include <string_view>

#include "plasticity/spikes/spike_rule.hpp"
#include "sim/core/fields.hpp"

namespace shallows {

struct HomeostasisParams {
  double loss_mV = 0.01;
  static Fields<HomeostasisParams> fields() {
    return {field("loss_mV", &HomeostasisParams::loss_mV, "mV", "what a spike takes from a weight",
                  non_negative(1e3))};
  }
};

class Homeostasis {
 public:
  Homeostasis(const HomeostasisParams& params, double rate) : loss_(rate * params.loss_mV) {}
  double on_pre(double weight, const SynapseEvent&) const { return weight; }
  double on_post(double weight, const SynapseEvent&) const { return weight - loss_; }
  double at_end(double weight, const SynapseEvent&) const { return weight; }

 private:
  double loss_;
};

struct HomeostasisRule {
  using Params = HomeostasisParams;
  static constexpr std::string_view name = "homeostasis",
                                    about = "every spike of a neuron lowers its weights";
  template <class>
  using Rule = Homeostasis;
  template <class>
  static Homeostasis make(const Params& params, double rate) {
    return {params, rate};
  }
  static TraceTaus taus(const Params&) { return {20.0, 20.0}; }
  static double target_kHz(const Params&) { return 1.0; }
  static std::optional<Problem> problem(const Params&, double) { return std::nullopt; }
};

}  // namespace shallows
