// Micro-benchmarks of the inner loops on the shapes of the paper's network: n = 5000 hidden neurons, 10 x 10
// patches of 28 x 28 pixels, 8000 input spikes and 35 000 hidden spikes in 150 ms. Items are synaptic events.
#include <benchmark/benchmark.h>

#include <vector>

#include "encoders/current_encoder.hpp"
#include "encoders/fixed_fields.hpp"
#include "models/rate/delta_readout.hpp"
#include "models/spiking/spiking_readout.hpp"
#include "sim/core/rng.hpp"
#include "sim/layer/lif_layer.hpp"

namespace {

using namespace shallows;

constexpr ImageShape kShape{.height = 28, .width = 28, .channels = 1};
constexpr std::size_t kHidden = 5000;
constexpr std::size_t kInputSpikes = 8000;
constexpr std::size_t kHiddenSpikes = 35000;
constexpr TimeMs kDuration = 150.0;

ReceptiveFields bank() {
  return make_gabor_fields({}, {.size = kHidden, .patch = 10, .scale = 40.0}, kShape, 1);
}

std::vector<double> thresholds(std::size_t size) {
  Rng rng(1, Purpose::threshold, 0);
  std::vector<double> result(size);
  for (double& threshold : result) threshold = rng.uniform(20.0, 21.0);
  return result;
}

/// Spikes at so many instants: hidden neurons fire only when an input spike arrives, several at a time.
SpikeTrain random_train(std::size_t spikes, std::size_t instants, std::size_t sources) {
  Rng rng(1, Purpose::tests, spikes);
  std::vector<TimeMs> times(instants);
  for (TimeMs& time : times) time = rng.uniform(0.0, kDuration);
  std::vector<Spike> result;
  for (std::size_t k = 0; k < spikes; ++k) {
    result.push_back({times[k % instants], rng.integer(static_cast<std::uint32_t>(sources))});
  }
  return SpikeTrain::from_unsorted(std::move(result));
}

template <class Real>
void hidden_layer(benchmark::State& state) {
  const Synapses synapses = to_synapses(bank());
  const LifLayer<Real> layer(synapses, {}, thresholds(kHidden), std::vector<double>(kHidden, 20.0));
  const SpikeTrain arrivals = random_train(kInputSpikes, kInputSpikes, kShape.pixels());
  const std::vector<std::uint32_t> fan_out = synapses.fan_out();
  std::int64_t events = 0;
  for (const NeuronId source : arrivals.sources()) events += fan_out[source];
  auto layer_state = layer.initial_state(std::vector<double>(kHidden, 0.0));
  SpikeTrain spikes;
  for (auto _ : state) layer.run(arrivals, kDuration, layer_state, spikes);
  state.SetItemsProcessed(state.iterations() * events);
}
BENCHMARK_TEMPLATE(hidden_layer, float)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(hidden_layer, double)->Unit(benchmark::kMicrosecond);

template <class Real>
void spiking_readout_learns(benchmark::State& state) {
  SpikingReadout<Real> readout({}, {.inputs = kHidden, .thresholds_mV = thresholds(10)},
                               std::vector<double>(10 * kHidden, 0.1));
  const SpikeTrain arrivals = random_train(kHiddenSpikes, kInputSpikes, kHidden);
  auto readout_state = readout.initial_state(std::vector<double>(10, 0.0));
  SpikeTrain spikes;
  for (auto _ : state) {
    readout.learn(arrivals, kDuration, {.from = 100.0, .label = 3, .learning_rate = 1e-9}, readout_state,
                  spikes);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(10 * kHiddenSpikes));
}
BENCHMARK_TEMPLATE(spiking_readout_learns, float)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(spiking_readout_learns, double)->Unit(benchmark::kMicrosecond);

void input_population(benchmark::State& state) {
  const CurrentEncoder encoder({}, {}, thresholds(kShape.pixels()));
  std::vector<std::uint8_t> pixels(kShape.pixels(), 0);
  for (std::size_t j = 0; j < pixels.size(); j += 5) pixels[j] = 100;  // about 8000 spikes
  const std::vector<float> mean(pixels.size(), 0.1F);
  CurrentEncoder::State encoder_state(encoder.size());
  SpikeTrain train;
  for (auto _ : state) encoder.encode({kShape, pixels, mean}, kDuration, encoder_state, train);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(train.size()));
}
BENCHMARK(input_population)->Unit(benchmark::kMicrosecond);

void receptive_fields(benchmark::State& state) {
  const ReceptiveFields fields = bank();
  const PackedSynapses<float> packed(to_synapses(fields), std::vector<double>(kHidden, 1.0));
  constexpr std::size_t kImages = 64;
  const std::vector<float> pixels(kImages * kShape.pixels(), 0.5F);
  std::vector<float> out(kImages * packed.padded_targets());
  for (auto _ : state) packed.multiply_many(pixels, out);
  state.SetItemsProcessed(state.iterations() *
                          static_cast<std::int64_t>(kImages * kHidden * fields.filter_size()));
}
BENCHMARK(receptive_fields)->Unit(benchmark::kMicrosecond);

void delta_readout_learns(benchmark::State& state) {
  DeltaReadout readout(kHidden, std::vector<float>(10 * kHidden, 0.01F), std::vector<float>(10, 0.0F));
  std::vector<float> pre(kHidden);
  for (std::size_t i = 0; i < kHidden; i += 2) pre[i] = 0.1F;  // about half of a rectified layer is active
  for (auto _ : state) benchmark::DoNotOptimize(readout.learn(pre, 3, 1e-6));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(10 * kHidden));
}
BENCHMARK(delta_readout_learns)->Unit(benchmark::kMicrosecond);

}  // namespace
