// Spiking networks of several hidden layers, and of complex cells.
#include "models/spiking/spiking_layers.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "sim/core/error.hpp"
#include "tests/models/scenes.hpp"
#include "tests/sim/event_scheme.hpp"
#include "tests/sim/train_matching.hpp"

namespace shallows {
namespace {

struct Layers {
  std::string name;
  Pool pool;
  std::vector<UpperLayer> upper;
};

std::vector<Layers> cases() {
  UpperLayer dense, local;
  dense.kind = RandomLayerParams{.size = 70, .scale = 60.0};
  local.kind = RandomLayerParams{.size = 90, .patch = 6, .scale = 60.0};
  return {{"two layers", {}, {dense}},
          {"three layers", {}, {local, dense}},
          {"complex cells", {.reach = 2}, {}},
          {"complex cells below a layer", {.reach = 2, .step = 1}, {local}}};
}

std::vector<SpikingLayer> layers_of(const Layers& one, const SpikingParams& params) {
  const ReceptiveFields bank = scene_bank(130);
  return spiking_layers(params, bank, one.pool, make_upper_layers(one.upper, places_of(bank), kScene, 3));
}

SpikingNetwork network_of(const Layers& one, const SpikingParams& params) {
  std::vector<SpikingLayer> layers = layers_of(one, params);
  std::vector<std::size_t> sizes = {kScene.pixels()};
  for (const SpikingLayer& layer : layers) sizes.push_back(layer.synapses.targets());
  sizes.push_back(kSceneClasses);
  return {params, std::move(layers), draw_thresholds(params.threshold, sizes, 3), 3};
}

LayerCase case_of(const SpikingNetwork& network, const std::string& population, double drive_mV,
                  Synapses synapses) {
  const auto arrays = network.arrays();
  LayerCase layer;
  layer.thresholds_mV = array_values<double>(arrays, "thresholds/" + population + "_mV");
  layer.initial_mV = array_values<double>(arrays, "state/" + population + "/v_mV");
  layer.drives_mV.assign(layer.thresholds_mV.size(), drive_mV);
  layer.synapses = std::move(synapses);
  return layer;
}

TEST(SpikingLayers, AreTheNetworkThatOneEventQueueSimulates) {
  const SpikingParams params = with_engine(EngineKind::reference, Precision::double_precision);
  const ImageSet images = random_images(10, 0);
  const std::vector<Presentation> shown = {{images.image(0), images.label(0), 0.0}};
  for (const Layers& one : cases()) {
    SpikingNetwork network = network_of(one, params);
    EventScheme scheme;
    LayerCase input = case_of(network, "input", 0.0, {});
    std::vector<float> contrast(kScene.pixels());
    images.image(0).centered(contrast);
    input.synapses.offsets.assign(kScene.pixels() + 1, 0);
    for (std::size_t i = 0; i < contrast.size(); ++i)
      input.drives_mV[i] = 500.0 * static_cast<double>(contrast[i]) + 20.0;
    scheme.add_layer(input, 0.0);
    for (const SpikingLayer& layer : layers_of(one, params))
      scheme.add_layer(case_of(network, layer.name, layer.bias_mV, layer.synapses), 0.1);
    const std::vector<Activity> got = learn_all(network, shown);
    const std::vector<SpikeTrain> expected = scheme.run(SpikeTrain(), 150.0);
    ASSERT_EQ(expected.size() + 1, got[0].trains.size()) << one.name;
    for (std::size_t p = 0; p < expected.size(); ++p) {
      EXPECT_GT(expected[p].size(), 100U) << one.name << ", population " << network.populations()[p];
      EXPECT_LT(largest_distance(got[0].trains[p], expected[p]), 1e-9) << one.name;
    }
  }
}

TEST(SpikingLayers, AreTheSameInTheFastEngineAndTheReferenceEngine) {
  const ImageSet images = random_images(12, 1);
  const std::vector<Presentation> shown = presentations(images, 2e-3);
  for (const Layers& one : cases()) {
    SpikingNetwork fast = network_of(one, with_engine(EngineKind::fast, Precision::double_precision));
    SpikingNetwork reference =
        network_of(one, with_engine(EngineKind::reference, Precision::double_precision));
    const std::vector<Activity> a = learn_all(fast, shown), b = learn_all(reference, shown);
    for (std::size_t k = 0; k < shown.size(); ++k) {
      EXPECT_EQ(a[k].synaptic_events, b[k].synaptic_events);
      for (std::size_t p = 0; p < a[k].trains.size(); ++p)
        EXPECT_LT(largest_distance(a[k].trains[p], b[k].trains[p]), 1e-9) << one.name << ", image " << k;
    }
    const auto fast_arrays = fast.arrays(), reference_arrays = reference.arrays();
    const auto& w = array_values<double>(fast_arrays, "weights/readout/final");
    const auto& v = array_values<double>(reference_arrays, "weights/readout/final");
    for (std::size_t i = 0; i < w.size(); ++i) ASSERT_NEAR(w[i], v[i], 1e-9) << one.name;
  }
}

TEST(SpikingLayers, GoOnToTheSameBitsAfterARestore) {
  const ImageSet images = random_images(30, 2);
  const std::vector<Presentation> shown = presentations(images, 2e-3);
  for (const Layers& one : cases()) {
    for (const SpikingParams& params : params_of_all_engines()) {
      SpikingNetwork whole = network_of(one, params), first = network_of(one, params);
      SpikingNetwork second = network_of(one, params);
      std::vector<Activity> expected(30), activities(30);
      whole.learn(shown, expected);
      first.learn(std::span(shown).first(11), std::span(activities).first(11));
      second.restore(first.arrays());
      second.learn(std::span(shown).subspan(11), std::span(activities).subspan(11));
      for (std::size_t k = 0; k < 30; ++k) ASSERT_TRUE(activities[k] == expected[k]) << one.name << k;
      EXPECT_TRUE(second.arrays() == whole.arrays()) << one.name;
    }
  }
}

TEST(ComplexCells, SpikeAtEverySpikeOfTheirSimpleCells) {
  const Layers one = cases()[2];
  for (const SpikingParams& params : params_of_all_engines()) {
    SpikingNetwork network = network_of(one, params);
    ASSERT_EQ(network.populations(), (std::vector<std::string>{"input", "simple", "hidden", "readout"}));
    const SimpleCells simple = simple_cells(scene_bank(130), one.pool);
    std::vector<std::uint32_t> complex_of(simple.fields.size());
    for (std::uint32_t i = 0; i < 130; ++i) {
      for (const std::uint32_t cell : simple.of_field[i]) complex_of[cell] = i;
    }
    const ImageSet images = random_images(5, 3);
    for (std::size_t k = 0; k < 5; ++k) {
      Activity activity;
      network.respond(images.image(k), activity);
      // Spikes on their way at the end arrive no more. Simple cells of one field that see the same pixel
      // often spike at one instant, at which the threshold is tested once: that is one spike.
      std::vector<Spike> arrivals;
      for (std::size_t s = 0; s < activity.trains[1].size(); ++s) {
        const Spike spike = activity.trains[1][s];
        const TimeMs arrival = spike.time + params.delay_ms;
        if (arrival < params.protocol.test_ms) arrivals.push_back({arrival, complex_of[spike.source]});
      }
      std::ranges::sort(arrivals);
      const auto repeated = std::ranges::unique(arrivals);
      arrivals.erase(repeated.begin(), repeated.end());
      const SpikeTrain expected = SpikeTrain::from_unsorted(std::move(arrivals));
      EXPECT_GT(expected.size(), 500U);
      EXPECT_EQ(activity.trains[2].size(), expected.size());
      EXPECT_LT(largest_distance(activity.trains[2], expected), 1e-9);
    }
  }
}

TEST(SimpleCells, AreEachPlaceOfAFieldOnce) {
  const ReceptiveFields bank = scene_bank(130);
  const Pool pool{.reach = 2, .step = 1};
  const SimpleCells simple = simple_cells(bank, pool);
  std::size_t cells = 0;
  for (std::size_t i = 0; i < bank.size(); ++i) {
    std::vector<PatchPosition> places;
    for (const std::uint32_t cell : simple.of_field[i]) {
      EXPECT_TRUE(std::ranges::equal(simple.fields.filter(cell), bank.filter(i)));
      places.push_back(simple.fields.position(cell));
    }
    std::ranges::sort(places);
    std::vector<PatchPosition> expected;
    for (int row = 0; row <= 7; ++row) {
      for (int column = 0; column <= 7; ++column) {
        if (std::abs(row - bank.position(i).row) <= 2 && std::abs(column - bank.position(i).column) <= 2)
          expected.push_back({static_cast<std::uint16_t>(row), static_cast<std::uint16_t>(column)});
      }
    }
    EXPECT_EQ(places, expected);
    cells += places.size();
  }
  EXPECT_EQ(simple.fields.size(), cells);
}

TEST(UpperLayers, SeeTheNeuronsBelowWhosePlacesAreInTheirPatch) {
  const ReceptiveFields bank = scene_bank(130);
  const std::vector<Place> below = places_of(bank);
  const Projection layer = RandomLayer::make({.size = 200, .patch = 6, .scale = 3.0},
                                             {.below = below, .images = kScene, .seed = 3, .layer = 2});
  ASSERT_EQ(layer.synapses.targets(), 200U);
  double squares = 0.0;
  for (std::size_t i = 0; i < 200; ++i) {
    std::vector<NeuronId> expected;
    for (NeuronId j = 0; j < below.size(); ++j) {
      const double down = below[j].row - layer.places[i].row,
                   right = below[j].column - layer.places[i].column;
      if (down >= -3.0 && down < 3.0 && right >= -3.0 && right < 3.0) expected.push_back(j);
    }
    EXPECT_TRUE(std::ranges::equal(layer.synapses.sources_of(i), expected)) << i;
    double own = 0.0;
    for (const float w : layer.synapses.weights_of(i)) own += static_cast<double>(w) * static_cast<double>(w);
    squares += own;
  }
  // Each neuron's sum of squares has mean scale^2 = 9; its spread is below that of one weight, sqrt(2) 9, so
  // the mean of 200 is within five of its deviations.
  EXPECT_NEAR(squares / 200.0, 9.0, 5.0 * 9.0 * std::sqrt(2.0 / 200.0));
}

TEST(UpperLayers, RefuseANeuronThatSeesNothing) {
  const std::vector<Place> below = {{5.5, 5.5}};
  EXPECT_THROW(
      RandomLayer::make({.size = 50, .patch = 2}, {.below = below, .images = kScene, .seed = 3, .layer = 2}),
      Error);
}

}  // namespace
}  // namespace shallows
