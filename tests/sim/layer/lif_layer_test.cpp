#include "sim/layer/lif_layer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "sim/reference/reference_engine.hpp"
#include "tests/sim/layer/layer_cases.hpp"
#include "tests/sim/train_matching.hpp"

namespace shallows {
namespace {

struct Presentation {
  LayerCase layer;
  SpikeTrain arrivals;
  TimeMs duration;
};

/// Case `index` of the family that the property tests run through: every wiring, sizes around multiples of
/// the block, separate and simultaneous arrivals, durations up to hundreds of tau, every other time with
/// refractoriness.
Presentation random_case(std::uint64_t index) {
  Rng rng(11, Purpose::tests, index);
  const std::vector<std::size_t> sizes = {1, 63, 127, 128, 129, 200, 256, 301};
  const Wiring wiring = std::vector{Wiring::dense, Wiring::sparse, Wiring::window}[index % 3];
  const std::size_t sources = 5 + rng.integer(80);
  Presentation shown{
      .layer = random_layer(sources, sizes[index % sizes.size()], wiring, rng.uniform(0.5, 8.0), rng),
      .arrivals = {},
      .duration = rng.uniform(5.0, 1500.0)};
  const TimeMs grid = index % 2 == 0 ? 0.0 : rng.uniform(0.1, 5.0);
  shown.arrivals = random_arrivals(200 + rng.integer(2000), sources, shown.duration, grid, rng);
  if (index / 2 % 2 == 1) shown.layer.params.refractory_ms = rng.uniform(0.05, 10.0);
  return shown;
}

constexpr std::uint64_t kCases = 72;

TEST(LifLayer, GivesTheSpikesOfTheReferenceInDoublePrecision) {
  std::size_t spikes = 0;
  for (std::uint64_t index = 0; index < kCases; ++index) {
    const auto [layer, arrivals, duration] = random_case(index);
    const SpikeTrain expected = run_once(layer.reference(), layer, arrivals, duration);
    EXPECT_EQ(run_once(layer.fast<double>(), layer, arrivals, duration), expected) << "case " << index;
    spikes += expected.size();
  }
  EXPECT_GT(spikes, 100'000U) << "too quiet to show anything";
}

TEST(LifLayer, GivesNearlyAllSpikesOfTheReferenceInSinglePrecision) {
  std::size_t expected_spikes = 0;
  std::size_t spikes = 0;
  std::size_t matched = 0;
  for (std::uint64_t index = 0; index < kCases; ++index) {
    const auto [layer, arrivals, duration] = random_case(index);
    const SpikeTrain expected = run_once(layer.reference(), layer, arrivals, duration);
    const SpikeTrain got = run_once(layer.fast<float>(), layer, arrivals, duration);
    matched += matched_spikes(expected, got, 1e-3);
    expected_spikes += expected.size();
    spikes += got.size();
  }
  EXPECT_GE(static_cast<double>(matched), 0.9999 * static_cast<double>(std::max(spikes, expected_spikes)));
}

TEST(LifLayer, GivesTheSameSpikesInOneIntervalAndInSeveral) {
  for (std::uint64_t index = 0; index < 24; ++index) {
    const auto [layer_case, arrivals, duration] = random_case(index);
    const LifLayer<double> layer = layer_case.fast<double>();
    const SpikeTrain expected = run_once(layer, layer_case, arrivals, duration);
    Rng rng(12, Purpose::tests, index);
    std::vector<TimeMs> ends = {duration};
    for (int i = 0; i < 5; ++i) ends.push_back(rng.uniform(0.0, duration));
    std::sort(ends.begin(), ends.end());
    auto state = layer.initial_state(layer_case.initial_mV);
    SpikeTrain spikes;
    SpikeTrain joined;
    TimeMs begin = 0.0;
    for (const TimeMs end : ends) {
      layer.run(cut(arrivals, begin, end), end - begin, state, spikes);
      for (std::size_t k = 0; k < spikes.size(); ++k)
        joined.append(begin + spikes.times()[k], spikes.sources()[k]);
      begin = end;
    }
    EXPECT_LT(largest_distance(joined, expected), 1e-9) << "case " << index;
  }
}

TEST(LifLayer, KeepsItsStateOverManyShortIntervals) {
  // 2000 steps of 0.05 ms: were rounding to grow with the number of intervals, this would show it.
  const auto [layer_case, arrivals, duration] = random_case(6);
  const LifLayer<double> layer = layer_case.fast<double>();
  const SpikeTrain expected = run_once(layer, layer_case, cut(arrivals, 0.0, 100.0), 100.0);
  ASSERT_GT(expected.size(), 50U);
  auto state = layer.initial_state(layer_case.initial_mV);
  SpikeTrain spikes;
  std::size_t count = 0;
  for (int i = 0; i < 2000; ++i) {
    layer.run(cut(arrivals, 0.05 * i, 0.05 * (i + 1)), 0.05, state, spikes);
    count += spikes.size();
  }
  EXPECT_EQ(count, expected.size());
}

/// Neurons with threshold 20 and drive 19, at rest at the drive; one synapse for each (source, weight).
LayerCase resting_neurons(std::size_t sources, std::vector<std::vector<std::pair<NeuronId, float>>> wires) {
  LayerCase layer;
  layer.synapses.source_count = sources;
  for (const auto& incoming : wires) {
    for (const auto& [source, weight] : incoming) {
      layer.synapses.sources.push_back(source);
      layer.synapses.weights_mV.push_back(weight);
    }
    layer.synapses.offsets.push_back(static_cast<std::uint32_t>(layer.synapses.sources.size()));
    layer.thresholds_mV.push_back(20.0);
    layer.drives_mV.push_back(19.0);
    layer.initial_mV.push_back(19.0);
  }
  return layer;
}

template <class Real>
class LifLayerOf : public ::testing::Test {};
using Precisions = ::testing::Types<float, double>;
TYPED_TEST_SUITE(LifLayerOf, Precisions);

TYPED_TEST(LifLayerOf, TestsTheThresholdOnceAfterAllArrivalsOfAnInstant) {
  const LayerCase layer = resting_neurons(2, {{{0, 3.0F}, {1, -2.5F}}, {{0, 3.0F}}, {{0, -2.5F}, {1, 4.0F}}});
  const auto together = SpikeTrain::from_unsorted({{5.0, 0}, {5.0, 1}});
  EXPECT_EQ(run_once(layer.fast<TypeParam>(), layer, together, 10.0),
            SpikeTrain::from_unsorted({{5.0, 1}, {5.0, 2}}));
  const auto apart = SpikeTrain::from_unsorted({{5.0, 0}, {5.0 + 1e-9, 1}});
  EXPECT_EQ(run_once(layer.fast<TypeParam>(), layer, apart, 10.0),
            SpikeTrain::from_unsorted({{5.0, 0}, {5.0, 1}, {5.0 + 1e-9, 2}}));
}

TYPED_TEST(LifLayerOf, SpikesAtAnInstantWhoseLastArrivalGoesToAnotherBlock) {
  std::vector<std::vector<std::pair<NeuronId, float>>> wires(2 * kBlockLanes);
  wires[3] = {{0, 1.5F}};
  wires[kBlockLanes + 4] = {{1, 1.5F}};
  const LayerCase layer = resting_neurons(2, wires);
  const auto arrivals = SpikeTrain::from_unsorted({{5.0, 0}, {5.0, 1}});
  const SpikeTrain expected = SpikeTrain::from_unsorted({{5.0, 3}, {5.0, kBlockLanes + 4}});
  EXPECT_EQ(run_once(layer.fast<TypeParam>(), layer, arrivals, 10.0), expected);
  EXPECT_EQ(run_once(layer.reference(), layer, arrivals, 10.0), expected);
}

TYPED_TEST(LifLayerOf, OrdersTheSpikesOfAnInstantByNeuronWhicheverArrivalCausedThem) {
  // The first source reaches the second block, the second source the first block.
  std::vector<std::vector<std::pair<NeuronId, float>>> wires(2 * kBlockLanes);
  wires[3] = {{1, 1.5F}};
  wires[kBlockLanes + 4] = {{0, 1.5F}};
  const LayerCase layer = resting_neurons(2, wires);
  const SpikeTrain spikes =
      run_once(layer.fast<TypeParam>(), layer, SpikeTrain::from_unsorted({{5.0, 0}, {5.0, 1}}), 10.0);
  EXPECT_EQ(spikes, SpikeTrain::from_unsorted({{5.0, 3}, {5.0, kBlockLanes + 4}}));
}

TYPED_TEST(LifLayerOf, KeepsAnInstantTogetherThatFillsMoreThanASlice) {
  // Arrivals of one instant lie on both sides of the slice's end, and the blocks see different ones of them:
  // excitation before the end and inhibition after it must meet before the threshold is tested.
  constexpr std::size_t kTied = 40;
  std::vector<std::vector<std::pair<NeuronId, float>>> wires(4 * kBlockLanes);
  for (NeuronId source = 1; source <= kTied; ++source) {
    const std::size_t block = source % 4;
    const float weight = source <= kTied / 2 ? 0.4F : (block < 2 ? -0.4F : 0.1F);
    wires[block * kBlockLanes + 7].emplace_back(source, weight);
  }
  for (auto& wire : wires) wire.emplace_back(0, 0.01F);
  const LayerCase layer = resting_neurons(1 + kTied, wires);
  std::vector<Spike> spikes;
  for (std::size_t k = 0; k + kTied / 2 < kSliceArrivals; ++k)
    spikes.push_back({1e-6 * static_cast<double>(k), 0});
  for (NeuronId source = 1; source <= kTied; ++source) spikes.push_back({200.0, source});
  for (std::size_t k = 0; k < 5000; ++k) spikes.push_back({201.0 + 1e-6 * static_cast<double>(k), 0});
  const SpikeTrain arrivals = SpikeTrain::from_unsorted(spikes);
  const SpikeTrain expected = run_once(layer.reference(), layer, arrivals, 300.0);
  ASSERT_TRUE(std::count(expected.times().begin(), expected.times().end(), 200.0) == 2) << "blocks 2 and 3";
  EXPECT_EQ(run_once(layer.fast<TypeParam>(), layer, arrivals, 300.0).times().size(), expected.size());
  if constexpr (std::is_same_v<TypeParam, double>) {
    EXPECT_EQ(run_once(layer.fast<TypeParam>(), layer, arrivals, 300.0), expected);
  }
}

TYPED_TEST(LifLayerOf, SpikesOnceForTwoEqualArrivals) {
  const LayerCase layer = resting_neurons(1, {{{0, 1.5F}}});
  const auto arrivals = SpikeTrain::from_unsorted({{5.0, 0}, {5.0, 0}});
  EXPECT_EQ(run_once(layer.fast<TypeParam>(), layer, arrivals, 10.0), SpikeTrain::from_unsorted({{5.0, 0}}));
}

TYPED_TEST(LifLayerOf, SpikesAtTheStartOfAnInterval) {
  const LayerCase layer = resting_neurons(1, {{{0, 1.5F}}});
  const auto arrivals = SpikeTrain::from_unsorted({{0.0, 0}});
  EXPECT_EQ(run_once(layer.fast<TypeParam>(), layer, arrivals, 10.0), arrivals);
}

TYPED_TEST(LifLayerOf, ForgetsAnArrivalAtTheRateOfItsMembrane) {
  // 0.9 mV at 0, then 0.5 mV: enough within tau ln(0.9 / 0.5), not after.
  const LayerCase layer = resting_neurons(2, {{{0, 0.9F}, {1, 0.5F}}});
  const double last = 25.0 * std::log(0.9 / 0.5);
  for (const double shift : {-1e-3, 1e-3}) {
    const auto arrivals = SpikeTrain::from_unsorted({{0.0, 0}, {last + shift, 1}});
    EXPECT_EQ(run_once(layer.fast<TypeParam>(), layer, arrivals, 50.0).size(), shift < 0.0 ? 1U : 0U);
  }
}

TYPED_TEST(LifLayerOf, IsSilentWithoutArrivals) {
  Rng rng(13, Purpose::tests, 0);
  const LayerCase layer = random_layer(20, 130, Wiring::sparse, 3.0, rng);
  auto state = layer.fast<TypeParam>().initial_state(layer.initial_mV);
  SpikeTrain spikes;
  spikes.append(1.0, 1);
  layer.fast<TypeParam>().run(SpikeTrain(), 1e5, state, spikes);
  EXPECT_TRUE(spikes.empty());
  for (const TypeParam x : state.x) EXPECT_EQ(x, TypeParam{0}) << "the voltage has not settled at the drive";
}

TYPED_TEST(LifLayerOf, TakesALayerWithoutNeuronsAndNeuronsWithoutSynapses) {
  const auto arrivals = SpikeTrain::from_unsorted({{1.0, 0}, {2.0, 1}});
  const LayerCase none = resting_neurons(2, {});
  EXPECT_EQ(none.fast<TypeParam>().size(), 0U);
  EXPECT_TRUE(run_once(none.fast<TypeParam>(), none, arrivals, 10.0).empty());
  const LayerCase deaf = resting_neurons(2, {{}, {}});
  EXPECT_TRUE(run_once(deaf.fast<TypeParam>(), deaf, arrivals, 10.0).empty());
}

TYPED_TEST(LifLayerOf, IsOfferedOnlyWhereNeuronsSpikeOnArrivalsOnly) {
  using Layer = LifLayer<TypeParam>;
  const std::vector<double> thresholds = {20.5, 21.0};
  EXPECT_TRUE(Layer::applies({}, thresholds, std::vector{20.0, 20.0}));
  EXPECT_FALSE(Layer::applies({}, thresholds, std::vector{20.5, 20.0}));
  EXPECT_FALSE(Layer::applies({}, thresholds, std::vector{20.0, 30.0}));
  EXPECT_TRUE(Layer::applies({.tau_ms = 2.0, .refractory_ms = 32.0}, thresholds, std::vector{20.0, 20.0}));
  EXPECT_FALSE(Layer::applies({.tau_ms = 2.0, .refractory_ms = 32.1}, thresholds, std::vector{20.0, 20.0}));
}

TYPED_TEST(LifLayerOf, LosesArrivalsDuringRefractorinessButNotAtItsEnd) {
  LayerCase layer = resting_neurons(1, {{{0, 3.0F}}});
  layer.params.reset_mV = 19.0;
  // At 0.1 + 0.3 and the like the sums round to either side of the arrival.
  for (const double refractory : {0.3, 0.7, 1.1, 3.0, 130.0}) {
    layer.params.refractory_ms = refractory;
    for (const double first : {0.1, 1.0, 1.7, 90.3}) {
      const double end = first + refractory;
      const auto arrivals = SpikeTrain::from_unsorted(
          {{first, 0}, {first + 0.5 * refractory, 0}, {end - 1e-3, 0}, {end, 0}, {end + 1e-3, 0}});
      EXPECT_EQ(run_once(layer.fast<TypeParam>(), layer, arrivals, 250.0),
                SpikeTrain::from_unsorted({{first, 0}, {end, 0}}))
          << refractory << " ms after " << first;
    }
  }
}

TYPED_TEST(LifLayerOf, StaysRefractoryFromOneIntervalToTheNext) {
  LayerCase layer = resting_neurons(1, {{{0, 3.0F}}});
  layer.params = {.reset_mV = 19.0, .refractory_ms = 5.0};
  const LifLayer<TypeParam> fast = layer.fast<TypeParam>();
  auto state = fast.initial_state(layer.initial_mV);
  SpikeTrain spikes;
  fast.run(SpikeTrain::from_unsorted({{1.0, 0}}), 2.0, state, spikes);
  EXPECT_EQ(spikes.size(), 1U);
  fast.run(SpikeTrain(), 2.0, state, spikes);
  fast.run(SpikeTrain::from_unsorted({{1.9, 0}, {2.1, 0}}), 3.0, state, spikes);
  EXPECT_EQ(spikes, SpikeTrain::from_unsorted({{2.1, 0}}));
}

}  // namespace
}  // namespace shallows
