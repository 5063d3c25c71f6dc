#include "models/spiking/spiking_readout.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

#include "models/spiking/readout_kernel.hpp"
#include "sim/layer/lif_layer.hpp"
#include "sim/reference/reference_engine.hpp"

namespace shallows {
namespace {

constexpr const char* kPreTraces = "state/readout/pre_trace_kHz";

std::size_t first_at_or_after(const SpikeTrain& train, TimeMs time) {
  return static_cast<std::size_t>(std::lower_bound(train.times().begin(), train.times().end(), time) -
                                  train.times().begin());
}

}  // namespace

template <class Real>
bool SpikingReadout<Real>::applies(const SpikingParams& params, std::span<const double> thresholds_mV) {
  const std::vector<double> drives(thresholds_mV.size(), params.readout.bias_mV);
  return LifLayer<Real>::applies(params.neuron, thresholds_mV, drives);
}

template <class Real>
SpikingReadout<Real>::SpikingReadout(const SpikingParams& params, ReadoutShape shape,
                                     std::span<const double> weights_mV)
    : params_(params.readout),
      neuron_(params.neuron),
      shape_(std::move(shape)),
      stride_((shape_.classes() + kReadoutLanes - 1) / kReadoutLanes * kReadoutLanes),
      weights_(shape_.inputs * stride_, Real{0}) {
  assert(applies(params, shape_.thresholds_mV));
  std::vector<Real> weights;
  for (const double weight : weights_mV) weights.push_back(static_cast<Real>(weight));
  set_weights(weights);
}

template <class Real>
typename SpikingReadout<Real>::State SpikingReadout<Real>::initial_state(std::span<const double> v_mV) const {
  assert(v_mV.size() == shape_.classes());
  const bool refractory = neuron_.refractory_ms > 0.0;
  State state{.u = AlignedVector<Real>(stride_, Real{0}),
              .refractory_left_ms = std::vector<TimeMs>(refractory ? stride_ : 0, 0.0),
              .trace = AlignedVector<Real>(stride_, Real{0}),
              .pre_trace = std::vector<double>(keeps_pre_traces() ? shape_.inputs : 0, 0.0)};
  for (std::size_t i = 0; i < v_mV.size(); ++i) state.u[i] = static_cast<Real>(v_mV[i] - params_.bias_mV);
  return state;
}

template <class Real>
void SpikingReadout<Real>::run(const SpikeTrain& arrivals, TimeMs duration, const Lesson* lesson,
                               Real* learning, State& state, SpikeTrain& spikes) const {
  AlignedVector<Real> gap(stride_, std::numeric_limits<Real>::infinity());
  AlignedVector<Real> target(stride_, Real{0});
  for (std::size_t i = 0; i < shape_.classes(); ++i) {
    gap[i] = static_cast<Real>(shape_.thresholds_mV[i] - params_.bias_mV);
  }
  std::optional<Teaching<Real>> teaching;
  std::vector<SpikeTrace> pre, post;
  if (lesson != nullptr) {
    assert(lesson->label < shape_.classes());
    target[lesson->label] = static_cast<Real>(target_kHz(params_.rule));
    teaching = {.from = first_at_or_after(arrivals, lesson->from),
                .from_ms = lesson->from,
                .weights = nullptr,
                .target = nullptr,
                .rule = make_spike_rule<Real>(params_.rule, lesson->learning_rate),
                .taus = trace_taus(params_.rule)};
  }
  const auto reset = static_cast<Real>((neuron_.reset_mV - params_.bias_mV) *
                                       std::exp(neuron_.refractory_ms / neuron_.tau_ms));
  std::vector<Spike> emitted;
  for (std::size_t first = 0; first < stride_; first += kReadoutLanes) {
    if (teaching) {
      teaching->weights = learning + first;
      teaching->target = target.data() + first;
      if (keeps_pre_traces()) {
        pre.clear();
        for (const double value : state.pre_trace) pre.push_back({value});
        post.clear();
        for (std::size_t lane = 0; lane < kReadoutLanes; ++lane)
          post.push_back({static_cast<double>(state.trace[first + lane])});
        teaching->pre = pre;
        teaching->post = post.data();
      }
    }
    const ReadoutGroup<Real> group{
        .tau_ms = neuron_.tau_ms,
        .trace_tau_ms = trace_taus(params_.rule).post_ms,
        .reset = reset,
        .refractory_ms = neuron_.refractory_ms,
        .gap = gap.data() + first,
        .u = state.u.data() + first,
        .free_at = state.refractory_left_ms.empty() ? nullptr : state.refractory_left_ms.data() + first,
        .trace = state.trace.data() + first,
        .weights = weights_.data() + first,
        .stride = stride_,
        .first = static_cast<NeuronId>(first),
        .neurons = std::min(kReadoutLanes, shape_.classes() - first)};
    run_readout_group<Real>(group, arrivals, duration, teaching ? &*teaching : nullptr, emitted);
  }
  for (std::size_t j = 0; j < pre.size(); ++j) state.pre_trace[j] = pre[j].value;
  spikes = SpikeTrain::from_unsorted(std::move(emitted));
}

template <class Real>
void SpikingReadout<Real>::learn(const SpikeTrain& arrivals, TimeMs duration, const Lesson& lesson,
                                 State& state, SpikeTrain& spikes) {
  run(arrivals, duration, &lesson, weights_.data(), state, spikes);
}

template <class Real>
void SpikingReadout<Real>::respond(const SpikeTrain& arrivals, TimeMs duration, State& state,
                                   SpikeTrain& spikes) const {
  run(arrivals, duration, nullptr, nullptr, state, spikes);
}

template <class Real>
std::vector<Real> SpikingReadout<Real>::weights() const {
  std::vector<Real> weights(shape_.classes() * shape_.inputs);
  for (std::size_t i = 0; i < shape_.classes(); ++i) {
    for (std::size_t j = 0; j < shape_.inputs; ++j)
      weights[i * shape_.inputs + j] = weights_[j * stride_ + i];
  }
  return weights;
}

template <class Real>
void SpikingReadout<Real>::set_weights(std::span<const Real> weights_mV) {
  assert(weights_mV.size() == shape_.classes() * shape_.inputs);
  for (std::size_t i = 0; i < shape_.classes(); ++i) {
    for (std::size_t j = 0; j < shape_.inputs; ++j)
      weights_[j * stride_ + i] = weights_mV[i * shape_.inputs + j];
  }
}

template <class Real>
void SpikingReadout<Real>::save(const State& state, std::vector<NamedArray>& arrays) const {
  const auto store = [&](const char* name, const auto& values) {
    const auto end = values.begin() + static_cast<std::ptrdiff_t>(shape_.classes());
    arrays.push_back({name, {shape_.classes()}, std::vector(values.begin(), end)});
  };
  store("state/readout/u_mV", state.u);
  if (!state.refractory_left_ms.empty()) store("state/readout/refractory_left_ms", state.refractory_left_ms);
  store("state/readout/trace_kHz", state.trace);
  save_pre_traces(state.pre_trace, arrays);
}

template <class Real>
void SpikingReadout<Real>::load(std::span<const NamedArray> arrays, State& state) const {
  const auto restore = [&]<class Values>(const char* name, Values& values) {
    const auto& stored = array_values<typename Values::value_type>(arrays, name, shape_.classes());
    values.assign(stride_, 0);
    std::copy(stored.begin(), stored.end(), values.begin());
  };
  restore("state/readout/u_mV", state.u);
  if (neuron_.refractory_ms > 0.0) restore("state/readout/refractory_left_ms", state.refractory_left_ms);
  restore("state/readout/trace_kHz", state.trace);
  if (keeps_pre_traces()) state.pre_trace = stored_pre_traces(arrays, shape_.inputs);
}

void save_pre_traces(const std::vector<double>& traces, std::vector<NamedArray>& arrays) {
  if (!traces.empty()) arrays.push_back({kPreTraces, {traces.size()}, traces});
}

std::vector<double> stored_pre_traces(std::span<const NamedArray> arrays, std::size_t inputs) {
  return array_values<double>(arrays, kPreTraces, inputs);
}

template class SpikingReadout<float>;
template class SpikingReadout<double>;

}  // namespace shallows
