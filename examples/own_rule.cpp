// A learning rule of one's own, at one synapse: whenever the postsynaptic neuron fires, the weight grows by
// eta times the presynaptic trace, which is the rate of the spikes before. Between independent Poisson trains
// of rates r_pre and r_post it grows by eta r_pre r_post per ms.
#include <cmath>
#include <cstdio>

#include "plasticity/spikes/spike_rule.hpp"
#include "sim/core/rng.hpp"

namespace {

using namespace shallows;

/// The form of a rule is in plasticity/spikes/spike_rule.hpp; CONTRIBUTING.md says how a network learns by
/// it.
struct Hebb {
  double eta_mV;
  double pre_tau_ms;

  double on_pre(double weight, const SynapseEvent&) const { return weight; }
  double on_post(double weight, const SynapseEvent& event) const {
    return weight + eta_mV * event.pre.then(event.now, pre_tau_ms);
  }
  double at_end(double weight, const SynapseEvent&) const { return weight; }
};
static_assert(EventRule<Hebb>);

}  // namespace

int main() {
  constexpr double kPre_kHz = 0.05, kPost_kHz = 0.02, kDuration = 1e6;
  constexpr TraceTaus kTaus{.pre_ms = 20.0, .post_ms = 20.0};
  const Hebb rule{.eta_mV = 0.1, .pre_tau_ms = kTaus.pre_ms};
  Rng rng(1, Purpose::tests, 0);
  const auto wait = [&](double rate_kHz) { return -std::log(1.0 - rng.uniform()) / rate_kHz; };

  double weight_mV = 0.0;
  SpikeTrace pre, post;
  TimeMs arrival = wait(kPre_kHz), spike = wait(kPost_kHz);
  while (std::min(arrival, spike) < kDuration) {
    const TimeMs now = std::min(arrival, spike);
    const SynapseEvent event{pre, post, 0.0, now, 0.0};
    if (arrival <= spike) {
      weight_mV = rule.on_pre(weight_mV, event);
      pre.spike(now, kTaus.pre_ms);
      arrival += wait(kPre_kHz);
    } else {
      weight_mV = rule.on_post(weight_mV, event);
      post.spike(now, kTaus.post_ms);
      spike += wait(kPost_kHz);
    }
  }
  std::printf("the weight grew by %.2f mV, expected %.2f mV\n", weight_mV,
              rule.eta_mV * kPre_kHz * kPost_kHz * kDuration);
}
