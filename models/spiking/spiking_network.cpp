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
#include "models/spiking/spiking_state.hpp"
#include "sim/core/rng.hpp"
#include "sim/layer/lif_layer.hpp"
#include "sim/reference/reference_engine.hpp"

namespace shallows {
namespace {

template <class Real>
using FastStages = SpikingStages<LifLayer<Real>, SpikingReadout<Real>>;
using ReferenceStages = SpikingStages<ReferenceLayer, ReferenceReadout>;

/// The number of a population's random streams: 0 of the input, 1 of the first hidden layer, 2 of the
/// readout, from 3 on of the other hidden layers.
std::uint64_t stream_of(std::size_t population, std::size_t populations) {
  if (population + 1 == populations) return 2;
  return population <= 1 ? population : population + 1;
}

std::string threshold_array(const std::string& population) { return "thresholds/" + population + "_mV"; }

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

void append(std::vector<NamedArray>&& more, std::vector<NamedArray>& arrays) {
  std::move(more.begin(), more.end(), std::back_inserter(arrays));
}

}  // namespace

Thresholds draw_thresholds(const ThresholdParams& params, std::span<const std::size_t> sizes,
                           std::uint64_t seed) {
  Thresholds thresholds;
  for (std::size_t p = 0; p < sizes.size(); ++p) {
    Rng rng(seed, Purpose::threshold, stream_of(p, sizes.size()));
    std::vector<double>& drawn = thresholds.emplace_back(sizes[p]);
    for (double& threshold : drawn)
      threshold = params.threshold_mV + params.threshold_spread_mV * rng.uniform();
  }
  return thresholds;
}

Thresholds stored_thresholds(std::span<const NamedArray> arrays, std::span<const std::string> populations,
                             std::span<const std::size_t> sizes) {
  Thresholds thresholds;
  for (std::size_t p = 0; p < populations.size(); ++p)
    thresholds.push_back(array_values<double>(arrays, threshold_array(populations[p]), sizes[p]));
  return thresholds;
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
  std::vector<std::string> populations;
  std::vector<std::size_t> sizes;
  std::variant<Engine<FastStages<float>>, Engine<FastStages<double>>, Engine<ReferenceStages>> engine;
};

namespace {

template <class Stages, class Hidden, class Readout>
auto make_engine(const SpikingParams& params, std::vector<SpikingLayer>& layers, const Thresholds& thresholds,
                 std::uint64_t seed) {
  const std::size_t classes = thresholds.back().size();
  CurrentEncoder encoder(params.input, params.neuron, thresholds.front());
  std::vector<Hidden> hidden;
  std::vector<std::vector<std::uint32_t>> fan_out;
  std::size_t inputs = 0;  // of the readout
  for (std::size_t l = 0; l < layers.size(); ++l) {
    inputs = layers[l].synapses.targets();
    fan_out.push_back(layers[l].synapses.fan_out());
    hidden.emplace_back(std::move(layers[l].synapses), params.neuron, thresholds[l + 1],
                        std::vector<double>(inputs, layers[l].bias_mV));
  }
  Readout readout(params, {.inputs = inputs, .thresholds_mV = thresholds.back()},
                  draw_readout_weights(params.readout, classes, inputs, seed));
  Stages stages(params, std::move(encoder), std::move(hidden), std::move(readout), std::move(fan_out),
                classes);
  const auto start = [&](Purpose purpose) {
    std::vector<std::vector<double>> v_mV;
    for (std::size_t p = 0; p < thresholds.size(); ++p) {
      v_mV.push_back(draw_voltages(params.neuron.reset_mV, thresholds[p], seed, purpose,
                                   stream_of(p, thresholds.size())));
    }
    return stages.initial_state(v_mV);
  };
  auto training = start(Purpose::initial_voltage);
  auto test = start(Purpose::test_initial_voltage);
  return SpikingNetwork::Impl::Engine<Stages>{std::move(stages), training, training, std::move(test)};
}

bool fast_applies(const SpikingParams& params, std::span<const SpikingLayer> layers,
                  const Thresholds& thresholds) {
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const std::vector<double> drives(layers[l].synapses.targets(), layers[l].bias_mV);
    if (!LifLayer<float>::applies(params.neuron, thresholds[l + 1], drives)) return false;
  }
  return SpikingReadout<float>::applies(params, thresholds.back());
}

std::vector<SpikingLayer> one_layer(const SpikingParams& params, const ReceptiveFields& bank) {
  std::vector<SpikingLayer> layers;
  layers.push_back({"hidden", to_synapses(bank), params.hidden_bias_mV});
  return layers;
}

}  // namespace

SpikingNetwork::SpikingNetwork(const SpikingParams& params, const ReceptiveFields& bank,
                               Thresholds thresholds, std::uint64_t seed)
    : SpikingNetwork(params, one_layer(params, bank), std::move(thresholds), seed) {}

SpikingNetwork::SpikingNetwork(const SpikingParams& params, std::vector<SpikingLayer> layers,
                               Thresholds thresholds, std::uint64_t seed) {
  assert(!layers.empty() && thresholds.size() == layers.size() + 2);
  std::vector<std::string> populations = {"input"};
  std::vector<std::size_t> sizes = {layers.front().synapses.source_count};
  for (const SpikingLayer& layer : layers) {
    assert(layer.synapses.source_count == sizes.back());
    populations.push_back(layer.name);
    sizes.push_back(layer.synapses.targets());
  }
  populations.emplace_back("readout");
  sizes.push_back(thresholds.back().size());
  for (std::size_t p = 0; p < sizes.size(); ++p) assert(thresholds[p].size() == sizes[p]);
  const bool fast = fast_applies(params, layers, thresholds);
  if (params.engine == EngineKind::fast && !fast) {
    throw Error(ErrorKind::configuration, "engine.kind = \"fast\" can't run this network (it needs " +
                                              fast_engine_needs() + "); set engine.kind = \"automatic\"");
  }
  const auto build = [&]() -> decltype(Impl::engine) {
    if (params.engine == EngineKind::reference || !fast) {
      return make_engine<ReferenceStages, ReferenceLayer, ReferenceReadout>(params, layers, thresholds, seed);
    }
    if (params.precision == Precision::double_precision) {
      return make_engine<FastStages<double>, LifLayer<double>, SpikingReadout<double>>(params, layers,
                                                                                       thresholds, seed);
    }
    return make_engine<FastStages<float>, LifLayer<float>, SpikingReadout<float>>(params, layers, thresholds,
                                                                                  seed);
  };
  auto engine = build();
  impl_ = std::make_unique<Impl>(
      Impl{params, std::move(thresholds), std::move(populations), std::move(sizes), std::move(engine)});
}

SpikingNetwork::~SpikingNetwork() = default;
SpikingNetwork::SpikingNetwork(SpikingNetwork&&) noexcept = default;
SpikingNetwork& SpikingNetwork::operator=(SpikingNetwork&&) noexcept = default;

const std::vector<std::string>& SpikingNetwork::populations() const { return impl_->populations; }
std::size_t SpikingNetwork::size(std::size_t population) const { return impl_->sizes[population]; }

TimeMs SpikingNetwork::transient_ms() const { return impl_->params.protocol.transient_ms; }

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
  for (std::size_t p = 0; p < populations().size(); ++p)
    arrays.push_back({threshold_array(populations()[p]), {size(p)}, impl_->thresholds[p]});
  std::visit(
      [&](const auto& engine) {
        arrays.push_back({"weights/readout/final", {classes(), hidden()}, engine.stages.readout().weights()});
        append(spiking_state::arrays_of(engine.stages, engine.training, populations(), impl_->sizes, ""),
               arrays);
      },
      impl_->engine);
  return arrays;
}

std::vector<NamedArray> SpikingNetwork::initial_arrays() const {
  return std::visit(
      [&](const auto& engine) {
        std::vector<NamedArray> arrays = {
            {"weights/readout/initial", {classes(), hidden()}, engine.stages.readout().weights()}};
        const auto save = [&](const auto& state, const char* prefix) {
          append(spiking_state::arrays_of(engine.stages, state, populations(), impl_->sizes, prefix), arrays);
        };
        save(impl_->params.protocol.carry_over ? engine.training : engine.initial_training, "initial/");
        if (!impl_->params.protocol.test_carry_over) save(engine.test, "test/");
        return arrays;
      },
      impl_->engine);
}

void SpikingNetwork::restore(std::span<const NamedArray> arrays) {
  std::visit(
      [&](auto& engine) {
        auto state = engine.training;
        spiking_state::restore(engine.stages, arrays, populations(), impl_->sizes, impl_->params.delay_ms,
                               state);
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
