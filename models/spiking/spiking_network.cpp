#include "models/spiking/spiking_network.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <iterator>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "models/spiking/spiking_stages.hpp"
#include "sim/core/rng.hpp"
#include "sim/layer/lif_layer.hpp"
#include "sim/reference/reference_engine.hpp"

namespace shallows {
namespace {

template <class Real>
using FastStages = SpikingStages<LifLayer<Real>, SpikingReadout<Real>>;
using ReferenceStages = SpikingStages<ReferenceLayer, ReferenceReadout>;

std::vector<double> draw_voltages(double reset_mV, std::span<const double> thresholds_mV, std::uint64_t seed,
                                  Purpose purpose, std::uint64_t population) {
  Rng rng(seed, purpose, population);
  std::vector<double> v;
  for (const double threshold : thresholds_mV) v.push_back(rng.uniform(reset_mV, threshold));
  return v;
}

std::vector<double> draw_readout_weights(const SpikingReadoutParams& params, std::size_t classes,
                                         std::size_t inputs, std::uint64_t seed) {
  Rng rng(seed, Purpose::readout_weight, 0);
  const double deviation = params.weight_scale_mV / std::sqrt(static_cast<double>(inputs));
  std::vector<double> weights(classes * inputs);
  for (double& weight : weights) weight = deviation * rng.normal();
  return weights;
}

template <class Real>
void save_hidden(const LifLayerState<Real>& state, std::size_t neurons, std::vector<NamedArray>& arrays) {
  const auto save = [&](const char* name, const auto& values) {
    const auto end = values.begin() + static_cast<std::ptrdiff_t>(neurons);  // without the padding
    arrays.push_back({name, {neurons}, std::vector(values.begin(), end)});
  };
  save("state/hidden/normalised_v", state.x);
  if (!state.refractory_left_ms.empty()) save("state/hidden/refractory_left_ms", state.refractory_left_ms);
}

void save_neurons(const std::string& population, const std::vector<LifState>& neurons,
                  std::vector<NamedArray>& arrays) {
  std::vector<double> v, refractory;
  for (const LifState& neuron : neurons) {
    v.push_back(neuron.v_mV);
    refractory.push_back(neuron.refractory_left_ms);
  }
  arrays.push_back({"state/" + population + "/v_mV", {v.size()}, std::move(v)});
  arrays.push_back(
      {"state/" + population + "/refractory_left_ms", {refractory.size()}, std::move(refractory)});
}

void save_hidden(const std::vector<LifState>& neurons, std::size_t, std::vector<NamedArray>& arrays) {
  save_neurons("hidden", neurons, arrays);
}

template <class Real>
void load_hidden(std::span<const NamedArray> arrays, std::size_t neurons, LifLayerState<Real>& state) {
  const auto load = [&]<class Values>(const char* name, Values& values) {
    const auto& stored = array_values<typename Values::value_type>(arrays, name, neurons);
    std::copy(stored.begin(), stored.end(), values.begin());
  };
  load("state/hidden/normalised_v", state.x);
  if (!state.refractory_left_ms.empty()) load("state/hidden/refractory_left_ms", state.refractory_left_ms);
}

void load_neurons(const std::string& population, std::span<const NamedArray> arrays,
                  std::vector<LifState>& neurons) {
  const auto& v = array_values<double>(arrays, "state/" + population + "/v_mV", neurons.size());
  const auto& left =
      array_values<double>(arrays, "state/" + population + "/refractory_left_ms", neurons.size());
  for (std::size_t i = 0; i < neurons.size(); ++i) neurons[i] = {v[i], left[i]};
}

void load_hidden(std::span<const NamedArray> arrays, std::size_t, std::vector<LifState>& neurons) {
  load_neurons("hidden", arrays, neurons);
}

/// The array as Real, which may be float or double as it is stored.
template <class Real>
std::vector<Real> values_of_any_precision(std::span<const NamedArray> arrays, std::string_view name,
                                          std::size_t size) {
  using Other = std::conditional_t<std::is_same_v<Real, float>, double, float>;
  const auto stored =
      std::find_if(arrays.begin(), arrays.end(), [&](const NamedArray& array) { return array.name == name; });
  if (stored == arrays.end() || !std::holds_alternative<std::vector<Other>>(stored->values))
    return array_values<Real>(arrays, name, size);
  std::vector<Real> values;
  for (const Other value : array_values<Other>(arrays, name, size))
    values.push_back(static_cast<Real>(value));
  return values;
}

void save_line(const std::string& name, const DelayLine& line, std::vector<NamedArray>& arrays) {
  const SpikeTrain& pending = line.pending();
  arrays.push_back({"state/pending_" + name + "/time_ms",
                    {pending.size()},
                    std::vector<double>(pending.times().begin(), pending.times().end())});
  arrays.push_back({"state/pending_" + name + "/source",
                    {pending.size()},
                    std::vector<std::uint32_t>(pending.sources().begin(), pending.sources().end())});
}

template <class Stages>
std::vector<NamedArray> state_arrays(const Stages& stages, const typename Stages::State& state,
                                     const std::string& prefix, std::size_t hidden) {
  std::vector<NamedArray> arrays;
  save_neurons("input", state.input, arrays);
  save_line("hidden", state.to_hidden, arrays);
  save_hidden(state.hidden, hidden, arrays);
  save_line("readout", state.to_readout, arrays);
  stages.readout().save(state.readout, arrays);
  for (NamedArray& array : arrays) array.name = prefix + array.name;
  return arrays;
}

void append(std::vector<NamedArray>&& more, std::vector<NamedArray>& arrays) {
  std::move(more.begin(), more.end(), std::back_inserter(arrays));
}

DelayLine load_line(const std::string& name, TimeMs delay_ms, std::size_t source_count,
                    std::span<const NamedArray> arrays) {
  const auto& times = array_values<double>(arrays, "state/pending_" + name + "/time_ms");
  const auto& sources =
      array_values<std::uint32_t>(arrays, "state/pending_" + name + "/source", times.size());
  SpikeTrain pending;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const Spike spike{times[i], sources[i]};
    const bool in_order = pending.empty() || pending[i - 1] <= spike;
    if (!std::isfinite(spike.time) || spike.time < 0.0 || spike.source >= source_count || !in_order) {
      throw Error(ErrorKind::data,
                  "array 'state/pending_" + name +
                      "' holds no spike train of this network (the file was changed or damaged); "
                      "use an earlier checkpoint, or train again");
    }
    pending.append(spike.time, spike.source);
  }
  return {delay_ms, std::move(pending)};
}

}  // namespace

Thresholds draw_thresholds(const ThresholdParams& params, std::size_t inputs, std::size_t hidden,
                           std::size_t classes, std::uint64_t seed) {
  const auto draw = [&](std::size_t size, std::uint64_t population) {
    Rng rng(seed, Purpose::threshold, population);
    std::vector<double> thresholds(size);
    for (double& threshold : thresholds) {
      threshold = params.threshold_mV + params.threshold_spread_mV * rng.uniform();
    }
    return thresholds;
  };
  return {.input_mV = draw(inputs, 0), .hidden_mV = draw(hidden, 1), .readout_mV = draw(classes, 2)};
}

Thresholds stored_thresholds(std::span<const NamedArray> arrays, std::size_t inputs, std::size_t hidden,
                             std::size_t classes) {
  return {.input_mV = array_values<double>(arrays, "thresholds/input_mV", inputs),
          .hidden_mV = array_values<double>(arrays, "thresholds/hidden_mV", hidden),
          .readout_mV = array_values<double>(arrays, "thresholds/readout_mV", classes)};
}

std::string fast_engine_needs() {
  return "hidden.bias_mV and readout.bias_mV below every threshold, and neuron.refractory_ms of at most " +
         std::to_string(static_cast<int>(kLongestRefractory)) + " neuron.tau_ms";
}

struct SpikingNetwork::Impl {
  template <class Stages>
  struct Engine {
    Stages stages;
    typename Stages::State training;          ///< where training stands
    typename Stages::State initial_training;  ///< where it began
    typename Stages::State test;              ///< where every test image starts
  };

  SpikingParams params;
  Thresholds thresholds;
  std::variant<Engine<FastStages<float>>, Engine<FastStages<double>>, Engine<ReferenceStages>> engine;
};

namespace {

template <class Stages, class Hidden, class Readout>
auto make_engine(const SpikingParams& params, const ReceptiveFields& bank, const Thresholds& thresholds,
                 std::uint64_t seed) {
  Synapses synapses = to_synapses(bank);
  std::vector<std::uint32_t> fan_out = synapses.fan_out();
  const std::size_t classes = thresholds.readout_mV.size();
  CurrentEncoder encoder(params.input, params.neuron, thresholds.input_mV);
  Hidden hidden(std::move(synapses), params.neuron, thresholds.hidden_mV,
                std::vector<double>(bank.size(), params.hidden_bias_mV));
  Readout readout(params, {.inputs = bank.size(), .thresholds_mV = thresholds.readout_mV},
                  draw_readout_weights(params.readout, classes, bank.size(), seed));
  Stages stages(params, std::move(encoder), std::move(hidden), std::move(readout), std::move(fan_out),
                classes);
  const auto start = [&](Purpose purpose) {
    const double reset = params.neuron.reset_mV;
    return stages.initial_state(draw_voltages(reset, thresholds.input_mV, seed, purpose, 0),
                                draw_voltages(reset, thresholds.hidden_mV, seed, purpose, 1),
                                draw_voltages(reset, thresholds.readout_mV, seed, purpose, 2));
  };
  auto training = start(Purpose::initial_voltage);
  auto test = start(Purpose::test_initial_voltage);
  return SpikingNetwork::Impl::Engine<Stages>{std::move(stages), training, training, std::move(test)};
}

}  // namespace

SpikingNetwork::SpikingNetwork(const SpikingParams& params, const ReceptiveFields& bank,
                               Thresholds thresholds, std::uint64_t seed) {
  assert(thresholds.input_mV.size() == bank.shape().pixels() && thresholds.hidden_mV.size() == bank.size());
  const std::vector<double> drives(bank.size(), params.hidden_bias_mV);
  const bool fast_applies = LifLayer<float>::applies(params.neuron, thresholds.hidden_mV, drives) &&
                            SpikingReadout<float>::applies(params, thresholds.readout_mV);
  if (params.engine == EngineKind::fast && !fast_applies) {
    throw Error(ErrorKind::configuration, "engine.kind = \"fast\" can't run this network (it needs " +
                                              fast_engine_needs() + "); set engine.kind = \"automatic\"");
  }
  const auto build = [&]() -> decltype(Impl::engine) {
    if (params.engine == EngineKind::reference || !fast_applies) {
      return make_engine<ReferenceStages, ReferenceLayer, ReferenceReadout>(params, bank, thresholds, seed);
    }
    if (params.precision == Precision::double_precision) {
      return make_engine<FastStages<double>, LifLayer<double>, SpikingReadout<double>>(params, bank,
                                                                                       thresholds, seed);
    }
    return make_engine<FastStages<float>, LifLayer<float>, SpikingReadout<float>>(params, bank, thresholds,
                                                                                  seed);
  };
  auto engine = build();
  impl_ = std::make_unique<Impl>(Impl{params, std::move(thresholds), std::move(engine)});
}

SpikingNetwork::~SpikingNetwork() = default;
SpikingNetwork::SpikingNetwork(SpikingNetwork&&) noexcept = default;
SpikingNetwork& SpikingNetwork::operator=(SpikingNetwork&&) noexcept = default;

std::size_t SpikingNetwork::inputs() const { return impl_->thresholds.input_mV.size(); }
std::size_t SpikingNetwork::hidden() const { return impl_->thresholds.hidden_mV.size(); }
std::size_t SpikingNetwork::classes() const { return impl_->thresholds.readout_mV.size(); }

const char* SpikingNetwork::engine() const {
  constexpr const char* kNames[] = {"fast float", "fast double", "reference"};
  return kNames[impl_->engine.index()];
}

void SpikingNetwork::learn(std::span<const Presentation> presentations, std::span<Activity> activities) {
  assert(presentations.size() == activities.size());
  std::visit(
      [&](auto& engine) {
        engine.stages.learn(presentations, activities, engine.training, engine.initial_training);
      },
      impl_->engine);
}

Response SpikingNetwork::respond(const Image& image, Activity& activity) const {
  return std::visit(
      [&](const auto& engine) {
        auto state = engine.test;
        return engine.stages.respond(image, state, activity);
      },
      impl_->engine);
}

std::vector<NamedArray> SpikingNetwork::arrays() const {
  std::vector<NamedArray> arrays;
  const Thresholds& t = impl_->thresholds;
  arrays.push_back({"thresholds/input_mV", {t.input_mV.size()}, t.input_mV});
  arrays.push_back({"thresholds/hidden_mV", {t.hidden_mV.size()}, t.hidden_mV});
  arrays.push_back({"thresholds/readout_mV", {t.readout_mV.size()}, t.readout_mV});
  std::visit(
      [&](const auto& engine) {
        arrays.push_back({"weights/readout/final", {classes(), hidden()}, engine.stages.readout().weights()});
        append(state_arrays(engine.stages, engine.training, "", hidden()), arrays);
      },
      impl_->engine);
  return arrays;
}

std::vector<NamedArray> SpikingNetwork::initial_arrays() const {
  return std::visit(
      [&](const auto& engine) {
        std::vector<NamedArray> arrays = {
            {"weights/readout/initial", {classes(), hidden()}, engine.stages.readout().weights()}};
        const auto& start = impl_->params.protocol.carry_over ? engine.training : engine.initial_training;
        append(state_arrays(engine.stages, start, "initial/", hidden()), arrays);
        if (!impl_->params.protocol.test_carry_over)
          append(state_arrays(engine.stages, engine.test, "test/", hidden()), arrays);
        return arrays;
      },
      impl_->engine);
}

void SpikingNetwork::restore(std::span<const NamedArray> arrays) {
  std::visit(
      [&](auto& engine) {
        auto state = engine.training;
        load_neurons("input", arrays, state.input);
        state.to_hidden = load_line("hidden", impl_->params.delay_ms, inputs(), arrays);
        load_hidden(arrays, hidden(), state.hidden);
        state.to_readout = load_line("readout", impl_->params.delay_ms, hidden(), arrays);
        engine.stages.readout().load(arrays, state.readout);
        using Weight = typename std::decay_t<decltype(engine.stages.readout().weights())>::value_type;
        engine.stages.readout().set_weights(
            array_values<Weight>(arrays, "weights/readout/final", classes() * hidden()));
        engine.training = std::move(state);
      },
      impl_->engine);
}

void SpikingNetwork::restore_weights(std::span<const NamedArray> arrays) {
  std::visit(
      [&](auto& engine) {
        using Weight = typename std::decay_t<decltype(engine.stages.readout().weights())>::value_type;
        engine.stages.readout().set_weights(
            values_of_any_precision<Weight>(arrays, "weights/readout/final", classes() * hidden()));
      },
      impl_->engine);
}

struct SpikingNetwork::TestSequence::State {
  const SpikingNetwork::Impl* network;
  std::variant<FastStages<float>::State, FastStages<double>::State, ReferenceStages::State> state;
};

SpikingNetwork::TestSequence SpikingNetwork::test_sequence() const {
  return std::visit(
      [&](const auto& engine) {
        return TestSequence(
            std::make_unique<TestSequence::State>(TestSequence::State{impl_.get(), engine.training}));
      },
      impl_->engine);
}

SpikingNetwork::TestSequence::TestSequence(std::unique_ptr<State> state) : state_(std::move(state)) {}
SpikingNetwork::TestSequence::~TestSequence() = default;
SpikingNetwork::TestSequence::TestSequence(TestSequence&&) noexcept = default;

Response SpikingNetwork::TestSequence::respond(const Image& image, Activity& activity) {
  return std::visit(
      [&](const auto& engine) {
        using EngineState = std::decay_t<decltype(engine.training)>;
        return engine.stages.respond(image, std::get<EngineState>(state_->state), activity);
      },
      state_->network->engine);
}

}  // namespace shallows
