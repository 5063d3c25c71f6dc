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

/// Learns nothing.
struct ReferenceReadout::Watcher {
  void begin(NeuronId) {}
  /// An arrival, once its jump has been read; trace_at(time) is the neuron's trace.
  template <class TraceAt>
  void arrive(std::size_t, TraceAt&&) {}
  void fire(TimeMs) {}
  void end() {}
};

/// Learns at arrivals.
template <class Rule>
struct ReferenceReadout::ArrivalLearner : Watcher {
  const Rule& rule;
  ReferenceReadout& readout;
  const SpikeTrain& arrivals;
  const Lesson& lesson;
  NeuronId neuron = 0;

  void begin(NeuronId i) { neuron = i; }
  template <class TraceAt>
  void arrive(std::size_t k, TraceAt&& trace_at) {
    const TimeMs time = arrivals.times()[k];
    if (time < lesson.from) return;
    rule.on_pre(readout.weight(neuron, arrivals.sources()[k]), readout.target(neuron, lesson),
                trace_at(time));
  }
};

/// Learns at all events of the synapses. Every neuron sees the traces of the inputs from the begin of the
/// presentation.
template <class Rule>
struct ReferenceReadout::EventLearner : Watcher {
  const Rule& rule;
  ReferenceReadout& readout;
  const SpikeTrain& arrivals;
  const Lesson& lesson;
  TimeMs duration;
  TraceTaus taus;
  const State& start;
  NeuronId neuron = 0;
  std::vector<SpikeTrace> pre = {};
  SpikeTrace post = {};

  SynapseEvent event(std::size_t input, TimeMs now) const {
    return {pre[input], post, readout.target(neuron, lesson), now, lesson.from};
  }
  void begin(NeuronId i) {
    neuron = i;
    pre.clear();
    for (const double value : start.pre_trace) pre.push_back({value});
    post = {start.trace[i]};
  }
  template <class TraceAt>
  void arrive(std::size_t k, TraceAt&&) {
    const TimeMs time = arrivals.times()[k];
    const NeuronId input = arrivals.sources()[k];
    double& weight = readout.weight(neuron, input);
    if (time >= lesson.from) weight = rule.on_pre(weight, event(input, time));
    pre[input].spike(time, taus.pre_ms);
  }
  void fire(TimeMs time) {
    for (std::size_t j = 0; time >= lesson.from && j < pre.size(); ++j) {
      double& weight = readout.weight(neuron, j);
      weight = rule.on_post(weight, event(j, time));
    }
    post.spike(time, taus.post_ms);
  }
  void end() {
    for (std::size_t j = 0; j < pre.size(); ++j) {
      double& weight = readout.weight(neuron, j);
      weight = rule.at_end(weight, event(j, duration));
    }
  }
};

template <class Watch>
void ReferenceReadout::walk(const SpikeTrain& arrivals, TimeMs duration, State& state, SpikeTrain& spikes,
                            Watch&& watch) const {
  const double tau_ms = trace_taus(params_.rule).post_ms;
  std::vector<Spike> emitted;
  for (NeuronId i = 0; i < shape_.classes(); ++i) {
    watch.begin(i);
    double trace = state.trace[i];
    TimeMs trace_time = 0.0;
    const auto trace_at = [&](TimeMs time) {
      trace *= std::exp(-(time - trace_time) / tau_ms);
      trace_time = time;
      return trace;
    };
    const auto jump_of = [&](std::size_t k) {
      const double jump = weights_[i * shape_.inputs + arrivals.sources()[k]];
      watch.arrive(k, trace_at);
      return jump;
    };
    const auto on_spike = [&](TimeMs time) {
      watch.fire(time);
      trace = trace_at(time) + 1.0 / tau_ms;
      emitted.push_back({time, i});
    };
    reference::walk_neuron(neuron_, params_.bias_mV, shape_.thresholds_mV[i], arrivals.times(), duration,
                           state.neurons[i], jump_of, on_spike);
    watch.end();
    state.trace[i] = trace_at(duration);
  }
  spikes = SpikeTrain::from_unsorted(std::move(emitted));
}

void ReferenceReadout::learn(const SpikeTrain& arrivals, TimeMs duration, const Lesson& lesson, State& state,
                             SpikeTrain& spikes) {
  const auto learn_by = [&]<class Rule>(const Rule& rule) {
    if constexpr (ArrivalRule<Rule, double>) {
      walk(arrivals, duration, state, spikes, ArrivalLearner<Rule>{{}, rule, *this, arrivals, lesson});
    } else {
      const TraceTaus taus = trace_taus(params_.rule);
      EventLearner<Rule> learner{{}, rule, *this, arrivals, lesson, duration, taus, state};
      walk(arrivals, duration, state, spikes, learner);
      for (std::size_t j = 0; j < learner.pre.size(); ++j)
        state.pre_trace[j] = learner.pre[j].then(duration, taus.pre_ms);
    }
  };
  std::visit(learn_by, make_spike_rule<double>(params_.rule, lesson.learning_rate));
}

void ReferenceReadout::respond(const SpikeTrain& arrivals, TimeMs duration, State& state,
                               SpikeTrain& spikes) const {
  walk(arrivals, duration, state, spikes, Watcher());
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
