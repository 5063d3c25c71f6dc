// Pair-based spike-timing-dependent plasticity with exponential windows, all pairs (Song, Miller and Abbott
// 2000; Morrison, Diesmann and Gerstner 2008, section 4.1), and the same gated by a teacher (reward-modulated
// STDP, Florian 2007, without an eligibility trace: the teacher speaks at once).
//
//     at an arrival:            w -= eta minus x_post g_-(w)      x: traces with jumps of 1
//     at a postsynaptic spike:  w += eta plus  x_pre  g_+(w)
// Additive: g = 1, and w is kept within its bounds. Multiplicative: g_+ = (w_max - w) / (w_max - w_min) and
// g_- = (w - w_min) / (w_max - w_min), which vanish there.
// Gated: both changes are multiplied by 1 at the neuron of the true class and by -others at the other ones.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "plasticity/spikes/spike_rule.hpp"
#include "sim/core/fields.hpp"

namespace shallows {

enum class StdpBounds { additive, multiplicative };

struct PairStdpParams {
  double plus = 1.0;
  double minus = 1.05;
  double tau_plus_ms = 20.0;   ///< window of a spike after an arrival
  double tau_minus_ms = 20.0;  ///< window of an arrival after a spike
  double weight_min_mV = -2.0;
  double weight_max_mV = 2.0;
  StdpBounds bounds = StdpBounds::additive;

  static Fields<PairStdpParams> fields() {
    using P = PairStdpParams;
    return {
        field("plus", &P::plus, "", "change by a spike after an arrival, times the learning rate",
              non_negative(1e6)),
        field("minus", &P::minus, "", "change by an arrival after a spike, times the learning rate",
              non_negative(1e6)),
        field("tau_plus_ms", &P::tau_plus_ms, "ms", "time constant of the window of plus",
              positive(kLongestTime)),
        field("tau_minus_ms", &P::tau_minus_ms, "ms", "time constant of the window of minus",
              positive(kLongestTime)),
        field("weight_min_mV", &P::weight_min_mV, "mV", "smallest weight that the rule leaves", voltage()),
        field("weight_max_mV", &P::weight_max_mV, "mV",
              "largest weight that the rule leaves; above the smallest", voltage()),
        choice("bounds", &P::bounds, "kind of bounds",
               "additive: weights stop at their bounds; multiplicative: changes shrink towards them",
               {{"additive", StdpBounds::additive}, {"multiplicative", StdpBounds::multiplicative}})};
  }
};

struct GatedPairStdpParams : PairStdpParams {
  double others = 0.3;

  GatedPairStdpParams() { minus = 0.6; }

  static Fields<GatedPairStdpParams> fields() {
    return joined(inherited<GatedPairStdpParams, PairStdpParams>(),
                  Fields<GatedPairStdpParams>{field(
                      "others", &GatedPairStdpParams::others, "",
                      "the neurons of other classes learn so much of the contrary", non_negative(1e6))});
  }
};

class PairStdp {
 public:
  PairStdp(const PairStdpParams& params, double learning_rate)
      : params_(params), learning_rate_(learning_rate) {}

  double on_pre(double weight, const SynapseEvent& event) const { return depress(weight, event, 1.0); }
  double on_post(double weight, const SynapseEvent& event) const { return potentiate(weight, event, 1.0); }
  double at_end(double weight, const SynapseEvent&) const { return weight; }

 protected:
  double depress(double weight, const SynapseEvent& event, double gate) const {
    const double trace = event.post.then(event.now, params_.tau_minus_ms) * params_.tau_minus_ms;
    return moved(weight, -gate * learning_rate_ * params_.minus * trace);
  }
  double potentiate(double weight, const SynapseEvent& event, double gate) const {
    const double trace = event.pre.then(event.now, params_.tau_plus_ms) * params_.tau_plus_ms;
    return moved(weight, gate * learning_rate_ * params_.plus * trace);
  }

 private:
  double moved(double weight, double change) const {
    const double least = params_.weight_min_mV, most = params_.weight_max_mV;
    if (params_.bounds == StdpBounds::multiplicative)
      change *= (change > 0.0 ? most - weight : weight - least) / (most - least);
    return std::clamp(weight + change, least, most);
  }

  PairStdpParams params_;
  double learning_rate_;
};

class GatedPairStdp : public PairStdp {
 public:
  GatedPairStdp(const GatedPairStdpParams& params, double learning_rate)
      : PairStdp(params, learning_rate), others_(params.others) {}

  double on_pre(double weight, const SynapseEvent& event) const {
    return depress(weight, event, gate(event));
  }
  double on_post(double weight, const SynapseEvent& event) const {
    return potentiate(weight, event, gate(event));
  }

 private:
  double gate(const SynapseEvent& event) const { return event.target_kHz > 0.0 ? 1.0 : -others_; }

  double others_;
};

struct PairStdpRule {
  using Params = PairStdpParams;
  static constexpr std::string_view name = "pair-stdp";
  static constexpr std::string_view about = "spiking readout: pair STDP, exponential windows, no teacher";
  template <class>
  using Rule = PairStdp;

  template <class>
  static PairStdp make(const Params& params, double learning_rate) {
    return {params, learning_rate};
  }
  static TraceTaus taus(const Params& params) { return {params.tau_plus_ms, params.tau_minus_ms}; }
  static double target_kHz(const Params&) { return 1.0; }
  static std::optional<Problem> problem(const Params& params, double) {
    if (params.weight_min_mV < params.weight_max_mV) return std::nullopt;
    return Problem{fmt::format("weight_min_mV = {} is not below weight_max_mV = {}", params.weight_min_mV,
                               params.weight_max_mV),
                   "there is no weight between them", "lower the first or raise the second"};
  }
};

/// As PairStdpRule but for what it says itself.
struct GatedPairStdpRule : PairStdpRule {
  using Params = GatedPairStdpParams;
  static constexpr std::string_view name = "gated-pair-stdp";
  static constexpr std::string_view about =
      "spiking readout: pair STDP, gated by the teacher: reversed where a neuron is not the true class's";
  template <class>
  using Rule = GatedPairStdp;

  template <class>
  static GatedPairStdp make(const Params& params, double learning_rate) {
    return {params, learning_rate};
  }
};

}  // namespace shallows
