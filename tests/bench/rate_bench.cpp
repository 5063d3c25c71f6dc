// Micro-benchmarks of the rate networks on the paper's shapes: images of 28 x 28 pixels, ten classes.
// Counters are of RateCosts: FMA/s computed multiply-adds, bytes/s traffic beyond the first cache.
#include <benchmark/benchmark.h>

#include <vector>

#include "encoders/fixed_fields.hpp"
#include "models/rate/rate_network.hpp"
#include "sim/core/rng.hpp"

namespace {

using namespace shallows;

constexpr ImageShape kImageShape{.height = 28, .width = 28, .channels = 1};
constexpr std::size_t kClasses = 10;
constexpr std::size_t kImages = 10 * RateNetwork::kBatch;

ReceptiveFields bank(std::size_t size, std::size_t patch) {
  return make_gabor_fields({}, {.size = size, .patch = patch, .scale = 2.1}, kImageShape, 1);
}

benchmark::Counter per_second(double amount) {
  return {amount, benchmark::Counter::kIsIterationInvariantRate};
}

/// The bank's product alone. With 128 neurons and small patches the weights stay in the first cache: what
/// the machine can do.
void rate_product(benchmark::State& state) {
  const ReceptiveFields fields =
      bank(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)));
  const PackedSynapses<float> packed(to_synapses(fields), std::vector<double>(fields.size(), 1.0));
  AlignedVector<float> pixels(RateNetwork::kBatch * kImageShape.pixels());
  Rng rng(1, Purpose::tests, 0);
  for (float& pixel : pixels) pixel = static_cast<float>(rng.uniform(-0.5, 0.5));
  AlignedVector<float> hidden(RateNetwork::kBatch * packed.padded_targets());
  for (auto _ : state) packed.multiply_many(pixels, hidden);
  state.counters["FMA/s"] =
      per_second(static_cast<double>(RateNetwork::kBatch * packed.bytes() / sizeof(float)));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(RateNetwork::kBatch));
}

void rate_learning(benchmark::State& state, HiddenRuleChoice rule) {
  const ReceptiveFields fields =
      bank(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)));
  RateParams params;
  params.hidden.rule = rule;
  RateNetwork network(params, &fields, kImageShape.pixels(), kClasses, 1);
  Rng rng(1, Purpose::tests, 0);
  std::vector<std::uint8_t> pixels, labels;
  for (std::size_t i = 0; i < kImages; ++i) {
    labels.push_back(static_cast<std::uint8_t>(rng.integer(kClasses)));
    for (std::size_t k = 0; k < kImageShape.pixels(); ++k)
      pixels.push_back(static_cast<std::uint8_t>(rng.integer(256)));
  }
  ImageSet images(kImageShape, std::move(pixels), std::move(labels));
  images.set_mean(images.pixel_mean());
  std::vector<Presentation> shown;
  for (std::size_t i = 0; i < kImages; ++i) shown.push_back({images.image(i), images.label(i), 1e-4});
  std::vector<std::uint8_t> predicted(kImages);
  for (auto _ : state) network.learn(shown, predicted);
  const RateCost cost = network.costs(0.5).total();
  state.counters["FMA/s"] = per_second(cost.computed_multiply_adds * kImages);
  state.counters["bytes/s"] = per_second(cost.bytes * kImages);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kImages));
}

BENCHMARK(rate_product)->Args({128, 3})->Args({5000, 10})->Args({5000, 28});
BENCHMARK_CAPTURE(rate_learning, fixed, FixedHidden::Params{})->Args({5000, 10})->Args({5000, 28});
BENCHMARK_CAPTURE(rate_learning, backprop, Backprop::Params{})->Args({5000, 10})->Args({5000, 28});

}  // namespace
