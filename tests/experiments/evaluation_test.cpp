#include "experiments/run/evaluation/evaluation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "experiments/run/network/bank.hpp"

namespace shallows {
namespace {

constexpr ImageShape kShape{.height = 1, .width = 2};

ImageSet images_of(std::vector<std::uint8_t> pixels) {
  std::vector<std::uint8_t> labels(pixels.size() / 2, 0);
  return {kShape, std::move(pixels), std::move(labels)};
}

/// Two neurons with a pixel each, which inhibit each other if they are asked to.
ReceptiveFields pair_of_neurons() {
  return {
      kShape,
      1,
      {{0, 0}, {0, 1}},
      {0.5F, 0.25F},
      LateralInhibition{.population = 2, .weights = {0.0F, 0.4F, 0.3F, 0.0F}, .thresholds = {0.01F, 0.02F}}};
}

Config config_of(HiddenInhibition inhibition, FieldScale scale_by) {
  Config config;
  SparseParams bank;
  bank.features = 2;
  bank.scale_by = scale_by;
  bank.inhibition = inhibition;
  config.hidden.bank = bank;
  config.hidden.size = 2;
  config.hidden.patch = 1;
  config.hidden.scale = 3.0;
  RateParams rate;
  rate.hidden.bias_max = 0.0;
  rate.readout_weight_scale = 1.0;
  rate.readout_bias_max = 5.0;  // so that the readout is not silent
  config.network = rate;
  return config;
}

std::vector<float> scores_of(const Network& network, const Image& image) {
  std::vector<Activity> activities(1);
  std::vector<Response> responses(1);
  network.respond(std::span(&image, 1), activities, responses);
  return responses[0].scores;
}

TEST(LostClasses, AreThoseThatWereShownAndAreNeverTheAnswer) {
  // [label][predicted]: 0 is taken for 1, of 2 there are no images, 3 is never the answer.
  const std::vector<std::uint64_t> confusion = {0, 5, 0, 0, 1, 4, 0, 0, 0, 0, 0, 0, 2, 1, 3, 0};
  EXPECT_EQ(lost_classes(confusion, 4), (std::vector<std::uint32_t>{3}));
  EXPECT_TRUE(lost_classes(std::vector<std::uint64_t>(16, 0), 4).empty());
}

/// The released pipeline divides the responses of each set by the largest one of this set. So a network that
/// shows responses to images of another brightness this way can't tell them from the training images.
TEST(PerSetScale, TakesTheBrightnessOfASetAway) {
  const ImageSet train = images_of({0, 200, 120, 40, 200, 80});
  const ImageSet half = images_of({0, 100, 60, 20, 100, 40});
  for (const FieldScale scale_by : {FieldScale::largest, FieldScale::rms}) {
    const Config config = config_of(HiddenInhibition::none, scale_by);
    const Network network = Network::make(config, kShape, 3, scaled_bank(pair_of_neurons(), config, train));
    const Network scaled = scaled_for(network, config, half);
    for (std::size_t i = 0; i < train.size(); ++i) {
      const std::vector<float> expected = scores_of(network, train.image(i));
      const std::vector<float> scores = scores_of(scaled, half.image(i));
      for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(scores[k], expected[k], 1e-5F);
      EXPECT_NE(scores_of(network, half.image(i)), expected);
      // On the training images themselves nothing changes.
      const std::vector<float> same = scores_of(scaled_for(network, config, train), train.image(i));
      for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(same[k], expected[k], 1e-5F);
    }
  }
}

/// With inhibition the responses are not proportional to the brightness, but still to those without the
/// factor: what the bank answers at the scale 3 / (largest answer to the set), thresholds included.
TEST(PerSetScale, ScalesTheAnswersThatInhibitionLeaves) {
  const ImageSet train = images_of({0, 200, 120, 40, 200, 80});
  const ImageSet test = images_of({30, 90, 50, 10});
  const Config config = config_of(HiddenInhibition::fifty_steps, FieldScale::largest);
  const Network network = Network::make(config, kShape, 3, scaled_bank(pair_of_neurons(), config, train));
  const ReceptiveFields bank = *scaled_for(network, config, test).bank();
  const ReceptiveFields raw = pair_of_neurons();
  const float factor = bank.filters()[0] / raw.filters()[0];
  EXPECT_NEAR(bank.filters()[1], factor * raw.filters()[1], 1e-5F);
  EXPECT_NEAR(bank.inhibition()->thresholds[0], factor * 0.01F, 1e-5F);
  EXPECT_EQ(bank.inhibition()->weights, raw.inhibition()->weights);
  const InhibitedPopulations dynamics(*bank.inhibition(), HiddenInhibition::fifty_steps);
  float largest = 0.0F;
  for (std::size_t i = 0; i < test.size(); ++i) {
    std::vector<float> answers(2);
    std::vector<float> pixels(2);
    test.image(i).centered(pixels);
    for (std::size_t k = 0; k < 2; ++k) answers[k] = bank.filters()[k] * pixels[k];
    dynamics.respond(answers);
    largest = std::max({largest, answers[0], answers[1]});
  }
  EXPECT_NEAR(largest, 3.0F, 1e-4F);
}

}  // namespace
}  // namespace shallows
