#include "sim/reference/reference_engine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "sim/core/delay_line.hpp"
#include "tests/sim/event_scheme.hpp"
#include "tests/sim/layer/layer_cases.hpp"
#include "tests/sim/train_matching.hpp"

namespace shallows {
namespace {

/// One neuron with threshold 20 mV, tau 25 ms and a synapse of each weight, source k first in line k.
LayerCase one_neuron(double drive_mV, double initial_mV, std::vector<float> weights_mV,
                     TimeMs refractory_ms = 0.0) {
  LayerCase layer;
  layer.params.refractory_ms = refractory_ms;
  layer.synapses.source_count = weights_mV.size();
  for (NeuronId source = 0; source < weights_mV.size(); ++source) layer.synapses.sources.push_back(source);
  layer.synapses.offsets.push_back(static_cast<std::uint32_t>(weights_mV.size()));
  layer.synapses.weights_mV = std::move(weights_mV);
  layer.thresholds_mV = {20.0};
  layer.drives_mV = {drive_mV};
  layer.initial_mV = {initial_mV};
  return layer;
}

std::vector<TimeMs> spike_times(const LayerCase& layer, std::vector<Spike> arrivals, TimeMs duration) {
  const SpikeTrain spikes =
      run_once(layer.reference(), layer, SpikeTrain::from_unsorted(std::move(arrivals)), duration);
  return {spikes.times().begin(), spikes.times().end()};
}

/// Three layers; some neurons driven above their thresholds, some below.
std::vector<LayerCase> random_network(std::uint64_t index, Rng& rng) {
  const std::vector<std::size_t> sizes = {12, 9, 7, 5};
  std::vector<LayerCase> layers;
  for (std::size_t l = 0; l + 1 < sizes.size(); ++l) {
    layers.push_back(random_layer(sizes[l], sizes[l + 1], index % 2 == 0 ? Wiring::dense : Wiring::window,
                                  rng.uniform(1.0, 4.0), rng));
    layers.back().params.refractory_ms = index % 3 == 0 ? 0.0 : rng.uniform(0.5, 6.0);
    for (double& drive : layers.back().drives_mV) {
      if (rng.uniform() < 0.5) drive += rng.uniform(0.0, 30.0);
    }
  }
  return layers;
}

/// An input and the layers, one after the other.
ReferenceEngine in_a_row(const std::vector<LayerCase>& layers, TimeMs delay_ms) {
  ReferenceEngine engine;
  std::size_t last = engine.add_input(layers.front().synapses.source_count);
  for (const LayerCase& layer : layers) {
    const std::size_t next =
        engine.add_population(layer.params, layer.thresholds_mV, layer.drives_mV, layer.initial_mV);
    engine.connect(last, next, layer.synapses, delay_ms);
    last = next;
  }
  return engine;
}

TEST(ReferenceEngine, GivesTheBitsOfLayersInARow) {
  std::size_t spikes = 0;
  for (std::uint64_t index = 0; index < 30; ++index) {
    Rng rng(52, Purpose::tests, index);
    const TimeMs delay = index % 4 == 0 ? 0.0 : rng.uniform(0.1, 30.0);
    const std::vector<LayerCase> layers = random_network(index, rng);
    ReferenceEngine engine = in_a_row(layers, delay);
    std::vector<DelayLine> lines(layers.size(), DelayLine(delay));
    std::vector<ReferenceLayer::State> states;
    for (const LayerCase& layer : layers) states.push_back(layer.reference().initial_state(layer.initial_mV));
    for (int interval = 0; interval < 3; ++interval) {
      const SpikeTrain input = random_arrivals(200, 12, 100.0, index % 5 == 0 ? 1.0 : 0.0, rng);
      const std::vector<SpikeTrain> got = engine.advance({&input, 1}, 100.0);
      EXPECT_EQ(got[0], input);
      SpikeTrain emitted = input, arrivals;
      for (std::size_t l = 0; l < layers.size(); ++l) {
        lines[l].advance(emitted, 100.0, arrivals);
        layers[l].reference().run(arrivals, 100.0, states[l], emitted);
        EXPECT_EQ(got[1 + l], emitted) << "case " << index << ", layer " << l;
        spikes += emitted.size();
      }
    }
  }
  EXPECT_GT(spikes, 10'000U) << "too quiet to show anything";
}

TEST(ReferenceEngine, AgreesWithTheSchemeOfTheReleasedCode) {
  std::vector<std::size_t> spikes(3, 0);
  for (std::uint64_t index = 0; index < 60; ++index) {
    Rng rng(51, Purpose::tests, index);
    const TimeMs delay = index % 4 == 0 ? 0.0 : rng.uniform(0.1, 8.0);
    const std::vector<LayerCase> layers = random_network(index, rng);
    ReferenceEngine engine = in_a_row(layers, delay);
    EventScheme scheme;
    for (const LayerCase& layer : layers) scheme.add_layer(layer, delay);
    const TimeMs grid = index % 5 == 0 ? 1.0 : 0.0;
    const SpikeTrain input = random_arrivals(400, 12, 200.0, grid, rng);
    const std::vector<SpikeTrain> expected = scheme.run(input, 200.0);
    const std::vector<SpikeTrain> got = engine.advance({&input, 1}, 200.0);
    ASSERT_EQ(got.size(), 1 + expected.size());
    for (std::size_t l = 0; l < expected.size(); ++l) {
      EXPECT_LT(largest_distance(got[1 + l], expected[l]), 1e-9) << "case " << index << ", layer " << l;
      spikes[l] += expected[l].size();
    }
  }
  for (const std::size_t count : spikes) EXPECT_GT(count, 1000U) << "too quiet to show anything";
}

TEST(ReferenceEngine, AgreesWithEulerStepsThatGoToZero) {
  // Forward Euler with 1e-5 ms: 2e7 steps, each wrong by less than dt^2 / 2 |v''|. Arrivals lie on the grid.
  constexpr double dt = 1e-5;
  constexpr std::size_t steps = 20'000'000;
  const LayerCase layer = one_neuron(28.0, 3.0, {4.0F, -5.0F, 7.0F});
  Rng rng(52, Purpose::tests, 0);
  const SpikeTrain arrivals = random_arrivals(60, 3, 200.0, 0.25, rng);
  std::vector<TimeMs> expected;
  double v = 3.0;
  std::size_t next = 0;
  for (std::size_t step = 0; step < steps; ++step) {
    const double time = static_cast<double>(step) * dt;
    for (; next < arrivals.size() && arrivals.times()[next] <= time + dt / 2; ++next) {
      v += std::vector{4.0, -5.0, 7.0}[arrivals.sources()[next]];
    }
    if (v >= 20.0) {
      expected.push_back(time);
      v = 0.0;
    }
    v += dt / 25.0 * (28.0 - v);
  }
  const SpikeTrain got = run_once(layer.reference(), layer, arrivals, 200.0);
  ASSERT_GT(expected.size(), 5U);
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t k = 0; k < got.size(); ++k) EXPECT_NEAR(got.times()[k], expected[k], 1e-3);
}

TEST(ReferenceEngine, FiresPeriodicallyUnderADriveAboveThreshold) {
  for (const TimeMs refractory : {0.0, 2.0}) {
    const LayerCase layer = one_neuron(60.0, 5.0, {}, refractory);
    LifState state{.v_mV = 5.0};
    std::vector<TimeMs> expected;
    lif::periodic_train(layer.params, 60.0, 20.0, 1000.0, state, expected);
    ASSERT_GT(expected.size(), 50U);
    const std::vector<TimeMs> times = spike_times(layer, {}, 1000.0);
    ASSERT_EQ(times.size(), expected.size());
    for (std::size_t k = 0; k < times.size(); ++k) EXPECT_NEAR(times[k], expected[k], 1e-9);
  }
}

TEST(ReferenceEngine, ShiftsTheCrossingByAnArrivalInBetween) {
  // From 0 under 40 mV: v(10) = 40 (1 - e^-0.4), then 3 mV more, then 25 ln((40 - v) / (40 - 20)).
  const double v = 40.0 * (1.0 - std::exp(-0.4)) + 3.0;
  const std::vector<TimeMs> times = spike_times(one_neuron(40.0, 0.0, {3.0F}), {{10.0, 0}}, 20.0);
  ASSERT_EQ(times.size(), 1U);
  EXPECT_NEAR(times[0], 10.0 + 25.0 * std::log((40.0 - v) / 20.0), 1e-12);
}

TEST(ReferenceEngine, TestsTheThresholdOnceAfterAllArrivalsOfAnInstant) {
  EXPECT_EQ(spike_times(one_neuron(19.0, 19.0, {3.0F, -2.5F}), {{5.0, 0}, {5.0, 1}}, 10.0),
            std::vector<TimeMs>());
  EXPECT_EQ(spike_times(one_neuron(19.0, 19.0, {-2.5F, 4.0F}), {{5.0, 0}, {5.0, 1}}, 10.0),
            std::vector<TimeMs>({5.0}));
  // One spike, however far above: 2 x 30 mV.
  EXPECT_EQ(spike_times(one_neuron(19.0, 19.0, {30.0F, 30.0F}), {{5.0, 0}, {5.0, 1}}, 10.0),
            std::vector<TimeMs>({5.0}));
}

TEST(ReferenceEngine, SpikesFromTheDriveBeforeItHearsTheArrivalsOfThatInstant) {
  // v is at the threshold at 0: it spikes, is reset to 0, and only then receives -1 mV or 25 mV.
  const double later = 25.0 * std::log(41.0 / 20.0);
  const std::vector<TimeMs> inhibited = spike_times(one_neuron(40.0, 20.0, {-1.0F}), {{0.0, 0}}, 30.0);
  ASSERT_EQ(inhibited.size(), 2U);
  EXPECT_EQ(inhibited[0], 0.0);
  EXPECT_NEAR(inhibited[1], later, 1e-12);
  EXPECT_EQ(spike_times(one_neuron(19.0, 20.0, {25.0F}), {{0.0, 0}}, 30.0), std::vector<TimeMs>({0.0, 0.0}));
}

TEST(ReferenceEngine, LosesArrivalsDuringRefractoriness) {
  // Spike at 1, refractory to 4: the arrivals at 1.5 and 1e-8 ms before 4 are lost, that at 4 counts.
  const LayerCase layer = one_neuron(0.0, 0.0, {25.0F}, 3.0);
  const std::vector<Spike> arrivals = {{1.0, 0}, {1.5, 0}, {4.0 - 1e-8, 0}, {4.0, 0}, {6.9, 0}, {7.5, 0}};
  EXPECT_EQ(spike_times(layer, arrivals, 10.0), std::vector<TimeMs>({1.0, 4.0, 7.5}));
}

TEST(ReferenceEngine, HearsAnArrivalThatRoundingPutsBeforeTheEndOfRefractoriness) {
  const LayerCase layer = one_neuron(0.0, 0.0, {25.0F}, 3.0);
  const TimeMs early = std::nextafter(4.0, 0.0);
  EXPECT_EQ(spike_times(layer, {{1.0, 0}, {early, 0}, {early + 3.0, 0}}, 10.0),
            std::vector<TimeMs>({1.0, early, early + 3.0}));
  // The neuron is free then, although the interval ends before 4 does: it goes on from what it has heard.
  const LayerCase weak = one_neuron(0.0, 0.0, {25.0F, 15.0F}, 3.0);
  const ReferenceLayer reference = weak.reference();
  auto state = reference.initial_state(weak.initial_mV);
  SpikeTrain spikes;
  reference.run(SpikeTrain::from_unsorted({{1.0, 0}, {4.0 - 8e-10, 1}}), 4.0 - 4e-10, state, spikes);
  EXPECT_EQ(state[0].refractory_left_ms, 0.0);
  EXPECT_NEAR(state[0].v_mV, 15.0, 1e-6);
}

TEST(ReferenceEngine, StartsFromTheResetWhenRefractorinessEnds) {
  const LayerCase layer = one_neuron(40.0, 20.0, {9.0F}, 3.0);
  const std::vector<TimeMs> times = spike_times(layer, {{1.0, 0}}, 25.0);
  ASSERT_EQ(times.size(), 2U);
  EXPECT_NEAR(times[1], 3.0 + 25.0 * std::log(2.0), 1e-12);
}

TEST(ReferenceEngine, GivesTheSameSpikesInOneIntervalAndInSeveral) {
  for (std::uint64_t index = 0; index < 30; ++index) {
    Rng rng(53, Purpose::tests, index);
    const TimeMs delay = index % 3 == 0 ? 0.0 : rng.uniform(0.1, 30.0);
    ReferenceEngine whole = in_a_row(random_network(index, rng), delay);
    ReferenceEngine parts = whole;
    const SpikeTrain input = random_arrivals(400, 12, 200.0, 0.0, rng);
    const std::vector<SpikeTrain> expected = whole.advance({&input, 1}, 200.0);
    std::vector<TimeMs> ends = {200.0};
    for (int i = 0; i < 10; ++i) ends.push_back(rng.uniform(0.0, 200.0));
    std::sort(ends.begin(), ends.end());
    std::vector<SpikeTrain> joined(expected.size());
    TimeMs begin = 0.0;
    for (const TimeMs end : ends) {
      const SpikeTrain part = cut(input, begin, end);
      const std::vector<SpikeTrain> got = parts.advance({&part, 1}, end - begin);
      for (std::size_t l = 0; l < got.size(); ++l) {
        for (std::size_t k = 0; k < got[l].size(); ++k)
          joined[l].append(begin + got[l].times()[k], got[l].sources()[k]);
      }
      begin = end;
    }
    for (std::size_t l = 0; l < expected.size(); ++l) {
      EXPECT_LT(largest_distance(joined[l], expected[l]), 1e-9) << "case " << index << ", layer " << l;
    }
  }
}

TEST(ReferenceEngine, CarriesRefractorinessOverTheEndOfAnInterval) {
  const LayerCase layer = one_neuron(0.0, 0.0, {25.0F}, 3.0);
  const ReferenceLayer reference = layer.reference();
  auto state = reference.initial_state(layer.initial_mV);
  SpikeTrain spikes;
  reference.run(SpikeTrain::from_unsorted({{9.0, 0}}), 10.0, state, spikes);
  EXPECT_NEAR(state[0].refractory_left_ms, 2.0, 1e-12);
  reference.run(SpikeTrain::from_unsorted({{1.5, 0}, {2.5, 0}}), 10.0, state, spikes);
  EXPECT_EQ(spikes, SpikeTrain::from_unsorted({{2.5, 0}}));
}

TEST(ReferenceEngine, LeavesACrossingAtTheEndOfTheIntervalToTheNext) {
  const LayerCase layer = one_neuron(40.0, 0.0, {});
  const TimeMs crossing = lif::time_to_threshold(0.0, 40.0, 20.0, 25.0);
  const ReferenceLayer reference = layer.reference();
  auto state = reference.initial_state(layer.initial_mV);
  SpikeTrain spikes;
  reference.run(SpikeTrain(), crossing, state, spikes);
  EXPECT_TRUE(spikes.empty());
  reference.run(SpikeTrain(), 1.0, state, spikes);
  ASSERT_EQ(spikes.size(), 1U);
  EXPECT_NEAR(spikes.times()[0], 0.0, 1e-12);
}

}  // namespace
}  // namespace shallows
