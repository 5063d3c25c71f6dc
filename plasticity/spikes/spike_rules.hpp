// The list of rules by which spikes change synapses. To add one is to write its entry
// (plasticity/spikes/spike_rule.hpp says what it has) and to name it here.
#pragma once

#include <variant>

#include "plasticity/spikes/pair_stdp.hpp"
#include "plasticity/spikes/spike_rule.hpp"
#include "plasticity/spikes/teacher_integral.hpp"
#include "plasticity/spikes/teacher_stdp.hpp"
#include "sim/core/list.hpp"

namespace shallows {

using SpikeRules = List<TeacherStdpRule, TeacherIntegralRule, PairStdpRule, GatedPairStdpRule>;

/// The rule that is chosen, with its parameters.
using SpikeRuleChoice = SpikeRules::Chosen;

namespace detail {
template <class Real, class... Entries>
std::variant<typename Entries::template Rule<Real>...> compiled(List<Entries...>);
}  // namespace detail

/// The rule as an engine runs it, in its precision.
template <class Real>
using SpikeRule = decltype(detail::compiled<Real>(SpikeRules()));

template <class Real>
SpikeRule<Real> make_spike_rule(const SpikeRuleChoice& choice, double learning_rate) {
  return with_chosen(SpikeRules(), choice.index(), [&]<class Entry>() -> SpikeRule<Real> {
    using Rule = typename Entry::template Rule<Real>;
    return SpikeRule<Real>(
        std::in_place_type<Rule>,
        Entry::template make<Real>(std::get<typename Entry::Params>(choice), learning_rate));
  });
}

inline TraceTaus trace_taus(const SpikeRuleChoice& choice) {
  return with_chosen(SpikeRules(), choice.index(),
                     [&]<class Entry>() { return Entry::taus(std::get<typename Entry::Params>(choice)); });
}

inline double target_kHz(const SpikeRuleChoice& choice) {
  return with_chosen(SpikeRules(), choice.index(), [&]<class Entry>() {
    return Entry::target_kHz(std::get<typename Entry::Params>(choice));
  });
}

/// Whether the rule needs the traces of the presynaptic neurons, and postsynaptic events.
inline bool acts_at_all_events(const SpikeRuleChoice& choice) {
  return with_chosen(SpikeRules(), choice.index(), []<class Entry>() {
    return !ArrivalRule<typename Entry::template Rule<double>, double>;
  });
}

}  // namespace shallows
