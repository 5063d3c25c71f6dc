#include <cassert>
#include <cmath>
#include <utility>

#include "models/spiking/spiking_readout.hpp"
#include "plasticity/spikes/teacher_stdp.hpp"
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
  State state{{}, std::vector<double>(shape_.classes(), 0.0)};
  for (const double v : v_mV) state.neurons.push_back({.v_mV = v});
  return state;
}

/// on_pre(weight index, neuron, time, trace) is told of every arrival after its jump has been read.
template <class OnPre>
void ReferenceReadout::walk(const SpikeTrain& arrivals, TimeMs duration, State& state, SpikeTrain& spikes,
                            OnPre&& on_pre) const {
  std::vector<Spike> emitted;
  for (NeuronId i = 0; i < shape_.classes(); ++i) {
    double trace = state.trace[i];
    TimeMs trace_time = 0.0;
    const auto trace_at = [&](TimeMs time) {
      trace *= std::exp(-(time - trace_time) / teacher().trace_tau_ms);
      trace_time = time;
      return trace;
    };
    const auto jump_of = [&](std::size_t k) {
      const std::size_t w = i * shape_.inputs + arrivals.sources()[k];
      const double jump = weights_[w];
      on_pre(w, i, arrivals.times()[k], trace_at);
      return jump;
    };
    const auto on_spike = [&](TimeMs time) {
      trace = trace_at(time) + 1.0 / teacher().trace_tau_ms;
      emitted.push_back({time, i});
    };
    reference::walk_neuron(neuron_, params_.bias_mV, shape_.thresholds_mV[i], arrivals.times(), duration,
                           state.neurons[i], jump_of, on_spike);
    state.trace[i] = trace_at(duration);
  }
  spikes = SpikeTrain::from_unsorted(std::move(emitted));
}

void ReferenceReadout::learn(const SpikeTrain& arrivals, TimeMs duration, const Lesson& lesson, State& state,
                             SpikeTrain& spikes) {
  const auto rule = TeacherStdp<double>::with(lesson.learning_rate, teacher().weight_bound_mV);
  walk(arrivals, duration, state, spikes, [&](std::size_t w, NeuronId i, TimeMs time, auto&& trace_at) {
    if (time < lesson.from) return;
    rule.on_pre(weights_[w], i == lesson.label ? teacher().target_kHz : 0.0, trace_at(time));
  });
}

void ReferenceReadout::respond(const SpikeTrain& arrivals, TimeMs duration, State& state,
                               SpikeTrain& spikes) const {
  walk(arrivals, duration, state, spikes, [](std::size_t, NeuronId, TimeMs, auto&&) {});
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
}

void ReferenceReadout::load(std::span<const NamedArray> arrays, State& state) const {
  const auto& v = array_values<double>(arrays, "state/readout/v_mV", shape_.classes());
  const auto& refractory = array_values<double>(arrays, "state/readout/refractory_left_ms", shape_.classes());
  state.trace = array_values<double>(arrays, "state/readout/trace_kHz", shape_.classes());
  state.neurons.clear();
  for (std::size_t i = 0; i < v.size(); ++i) state.neurons.push_back({v[i], refractory[i]});
}

}  // namespace shallows
