#include <cassert>
#include <cmath>
#include <utility>
#include <variant>
#include <vector>

#include "models/spiking/spiking_readout.hpp"
#include "plasticity/spikes/spike_rules.hpp"
#include "sim/reference/reference_engine.hpp"

namespace shallows {

ReferenceReadout::ReferenceReadout(const SpikingParams& params, ReadoutShape shape,
                                   std::span<const double> weights_mV)
    : params_(params.readout),
      neuron_(params.neuron),
      shape_(std::move(shape)),
      weights_(weights_mV.begin(), weights_mV.end()) {
  assert(weights_.size() == shape_.classes() * shape_.inputs);
}

ReferenceReadout::State ReferenceReadout::initial_state(std::span<const double> v_mV) const {
  State state{{},
              std::vector<double>(shape_.classes(), 0.0),
              std::vector<double>(keeps_pre_traces() ? shape_.inputs : 0, 0.0)};
  for (const double v : v_mV) state.neurons.push_back({.v_mV = v});
  return state;
}

template <class OnPre, class OnPost>
void ReferenceReadout::walk(const SpikeTrain& arrivals, TimeMs duration, State& state, SpikeTrain& spikes,
                            OnPre&& on_pre, OnPost&& on_post) const {
  const double tau_ms = trace_taus(params_.rule).post_ms;
  std::vector<Spike> emitted;
  for (NeuronId i = 0; i < shape_.classes(); ++i) {
    double trace = state.trace[i];
    TimeMs trace_time = 0.0;
    const auto trace_at = [&](TimeMs time) {
      trace *= std::exp(-(time - trace_time) / tau_ms);
      trace_time = time;
      return trace;
    };
    const auto jump_of = [&](std::size_t k) {
      const std::size_t w = i * shape_.inputs + arrivals.sources()[k];
      const double jump = weights_[w];
      on_pre(w, i, k, trace_at);
      return jump;
    };
    const auto on_spike = [&](TimeMs time) {
      on_post(i, time);
      trace = trace_at(time) + 1.0 / tau_ms;
      emitted.push_back({time, i});
    };
    reference::walk_neuron(neuron_, params_.bias_mV, shape_.thresholds_mV[i], arrivals.times(), duration,
                           state.neurons[i], jump_of, on_spike);
    state.trace[i] = trace_at(duration);
  }
  spikes = SpikeTrain::from_unsorted(std::move(emitted));
}

template <class Rule>
void ReferenceReadout::learn_by(const Rule& rule, const SpikeTrain& arrivals, TimeMs duration,
                                const Lesson& lesson, State& state, SpikeTrain& spikes) {
  const auto target = [&](NeuronId i) { return i == lesson.label ? target_kHz(params_.rule) : 0.0; };
  if constexpr (ArrivalRule<Rule, double>) {
    walk(
        arrivals, duration, state, spikes,
        [&](std::size_t w, NeuronId i, std::size_t k, auto&& trace_at) {
          const TimeMs time = arrivals.times()[k];
          if (time >= lesson.from) rule.on_pre(weights_[w], target(i), trace_at(time));
        },
        [](NeuronId, TimeMs) {});
  } else {
    // Every neuron sees the traces of the inputs from the begin of the presentation; they are the same for
    // all.
    const TraceTaus taus = trace_taus(params_.rule);
    std::vector<SpikeTrace> begin, pre;
    for (const double value : state.pre_trace) begin.push_back({value});
    SpikeTrace post;
    NeuronId current = 0;
    const auto end_neuron = [&](NeuronId i) {
      for (std::size_t j = 0; j < shape_.inputs; ++j) {
        double& weight = weights_[i * shape_.inputs + j];
        weight = rule.at_end(weight, {pre[j], post, target(i), duration, lesson.from});
      }
    };
    const auto begin_neuron = [&](NeuronId i) {
      current = i;
      pre = begin;
      post = {state.trace[i]};
    };
    begin_neuron(0);
    const auto turn_to = [&](NeuronId i) {
      while (current < i) {
        end_neuron(current);
        begin_neuron(current + 1);
      }
    };
    walk(
        arrivals, duration, state, spikes,
        [&](std::size_t w, NeuronId i, std::size_t k, auto&&) {
          turn_to(i);
          const TimeMs time = arrivals.times()[k];
          SpikeTrace& arriving = pre[arrivals.sources()[k]];
          if (time >= lesson.from)
            weights_[w] = rule.on_pre(weights_[w], {arriving, post, target(i), time, lesson.from});
          arriving.spike(time, taus.pre_ms);
        },
        [&](NeuronId i, TimeMs time) {
          turn_to(i);
          for (std::size_t j = 0; time >= lesson.from && j < shape_.inputs; ++j) {
            double& weight = weights_[i * shape_.inputs + j];
            weight = rule.on_post(weight, {pre[j], post, target(i), time, lesson.from});
          }
          post.spike(time, taus.post_ms);
        });
    turn_to(static_cast<NeuronId>(shape_.classes() - 1));
    end_neuron(current);
    for (std::size_t j = 0; j < pre.size(); ++j) {
      pre[j].restart(duration, taus.pre_ms);
      state.pre_trace[j] = pre[j].value;
    }
  }
}

void ReferenceReadout::learn(const SpikeTrain& arrivals, TimeMs duration, const Lesson& lesson, State& state,
                             SpikeTrain& spikes) {
  std::visit([&](const auto& rule) { learn_by(rule, arrivals, duration, lesson, state, spikes); },
             make_spike_rule<double>(params_.rule, lesson.learning_rate));
}

void ReferenceReadout::respond(const SpikeTrain& arrivals, TimeMs duration, State& state,
                               SpikeTrain& spikes) const {
  walk(
      arrivals, duration, state, spikes, [](std::size_t, NeuronId, std::size_t, auto&&) {},
      [](NeuronId, TimeMs) {});
}

void ReferenceReadout::save(const State& state, std::vector<NamedArray>& arrays) const {
  std::vector<double> v, refractory;
  for (const LifState& neuron : state.neurons) {
    v.push_back(neuron.v_mV);
    refractory.push_back(neuron.refractory_left_ms);
  }
  arrays.push_back({"state/readout/v_mV", {v.size()}, std::move(v)});
  arrays.push_back({"state/readout/refractory_left_ms", {refractory.size()}, std::move(refractory)});
  arrays.push_back({"state/readout/trace_kHz", {state.trace.size()}, state.trace});
  save_pre_traces(state.pre_trace, arrays);
}

void ReferenceReadout::load(std::span<const NamedArray> arrays, State& state) const {
  const auto& v = array_values<double>(arrays, "state/readout/v_mV", shape_.classes());
  const auto& refractory = array_values<double>(arrays, "state/readout/refractory_left_ms", shape_.classes());
  state.trace = array_values<double>(arrays, "state/readout/trace_kHz", shape_.classes());
  if (keeps_pre_traces()) state.pre_trace = stored_pre_traces(arrays, shape_.inputs);
  state.neurons.clear();
  for (std::size_t i = 0; i < v.size(); ++i) state.neurons.push_back({v[i], refractory[i]});
}

}  // namespace shallows
