// Saving and restoring the spiking network: the same bits as without an interruption.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "models/spiking/spiking_network.hpp"
#include "sim/core/error.hpp"
#include "tests/models/scenes.hpp"

namespace shallows {
namespace {

void expect_same(const std::vector<NamedArray>& got, const std::vector<NamedArray>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_TRUE(got[i] == expected[i]) << expected[i].name;
}

TEST(SpikingNetworkState, GoesOnToTheSameBitsAfterARestore) {
  const ImageSet images = random_images(60, 0);
  const std::vector<Presentation> shown = presentations(images, 2e-3);
  std::vector<SpikingParams> variants = params_of_all_engines();
  SpikingParams slow_axons = variants[0];
  slow_axons.delay_ms = 200.0;  // longer than a presentation: many spikes are on their way
  SpikingParams afresh = variants[0];
  afresh.protocol.carry_over = false;
  variants.insert(variants.end(), {slow_axons, afresh});
  for (SpikingParams refractory : params_of_all_engines()) {
    refractory.neuron.refractory_ms = 4.0;
    variants.push_back(refractory);
  }
  for (const SpikingParams& params : variants) {
    SpikingNetwork whole = scene_network(params);
    std::vector<Activity> expected(60);
    whole.learn(shown, expected);

    std::vector<Activity> activities(60);
    std::vector<NamedArray> saved;
    {
      SpikingNetwork first = scene_network(params);
      first.learn(std::span(shown).first(25), std::span(activities).first(25));
      saved = first.arrays();
    }
    const auto thresholds = stored_thresholds(saved, std::vector<std::string>{"input", "hidden", "readout"},
                                              std::vector<std::size_t>{kScene.pixels(), 150, kSceneClasses});
    SpikingNetwork second(params, scene_bank(150), thresholds, 3);
    second.restore(saved);
    expect_same(second.arrays(), saved);
    second.learn(std::span(shown).subspan(25), std::span(activities).subspan(25));
    for (std::size_t i = 0; i < 60; ++i) {
      ASSERT_TRUE(activities[i] == expected[i]) << whole.engine() << ", image " << i;
    }
    expect_same(second.arrays(), whole.arrays());
    Activity a, b;
    EXPECT_EQ(second.respond(images.image(0), a).scores, whole.respond(images.image(0), b).scores);
  }
}

TEST(SpikingNetworkState, LearnsTheSameInOneCallAndInMany) {
  const ImageSet images = random_images(7, 1);
  const std::vector<Presentation> shown = presentations(images, 2e-3);
  for (const SpikingParams& params : params_of_all_engines()) {
    SpikingNetwork whole = scene_network(params);
    SpikingNetwork parts = scene_network(params);
    std::vector<Activity> activities(7);
    whole.learn(shown, activities);
    for (std::size_t i = 0; i < 7; ++i)
      parts.learn(std::span(shown).subspan(i, 1), std::span(activities).subspan(i, 1));
    parts.learn({}, {});
    expect_same(parts.arrays(), whole.arrays());
  }
}

TEST(SpikingNetworkState, SurvivesAMove) {
  const ImageSet images = random_images(3, 2);
  const std::vector<Presentation> shown = presentations(images, 2e-3);
  SpikingNetwork network = scene_network({});
  SpikingNetwork other = scene_network({});
  learn_all(network, shown);
  SpikingNetwork moved = std::move(network);
  learn_all(moved, shown);
  learn_all(other, shown);
  learn_all(other, shown);
  expect_same(moved.arrays(), other.arrays());
}

/// What is wrong with the arrays -> how the message must name it.
void expect_refused(SpikingNetwork& network, const std::vector<NamedArray>& arrays, const std::string& part) {
  const std::vector<NamedArray> before = network.arrays();
  try {
    network.restore(arrays);
    ADD_FAILURE() << "took arrays that do not fit: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
  expect_same(network.arrays(), before);
}

TEST(SpikingNetworkState, RefusesArraysThatDoNotFitAndStaysAsItWas) {
  const ImageSet images = random_images(2, 3);
  for (const SpikingParams& params : params_of_all_engines()) {
    SpikingNetwork network = scene_network(params);
    SpikingNetwork donor = scene_network(params);
    learn_all(donor, presentations(images, 2e-3));
    const std::vector<NamedArray> good = donor.arrays();
    for (std::size_t i = 0; i < good.size(); ++i) {
      if (good[i].name.starts_with("thresholds/")) continue;  // not read by restore()
      std::vector<NamedArray> arrays = good;
      arrays.erase(arrays.begin() + static_cast<std::ptrdiff_t>(i));
      expect_refused(network, arrays, "'" + good[i].name + "' is missing");
    }
    expect_refused(network, scene_network(params, 40).arrays(), "holds 40");
  }
}

TEST(SpikingNetworkState, RefusesTheArraysOfAnotherPrecision) {
  SpikingNetwork single = scene_network(params_of_all_engines()[0]);
  expect_refused(single, scene_network(params_of_all_engines()[1]).arrays(), "precision");
}

}  // namespace
}  // namespace shallows
