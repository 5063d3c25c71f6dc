#include "encoders/current_encoder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/core/rng.hpp"
#include "tests/sim/train_matching.hpp"

namespace shallows {
namespace {

/// An image of one row with its mean; the pixels' neurons have the same threshold and start at the reset.
struct Scene {
  ImageShape shape;
  std::vector<std::uint8_t> pixels;
  std::vector<float> mean;

  Scene(std::vector<std::uint8_t> p, std::vector<float> m)
      : shape{.height = 1, .width = p.size()}, pixels(std::move(p)), mean(std::move(m)) {}
  Image image() const { return {shape, pixels, mean}; }
};

CurrentEncoder encoder(std::size_t pixels, double threshold_mV = 20.5) {
  return {InputParams{}, LifParams{}, std::vector<double>(pixels, threshold_mV)};
}

SpikeTrain encode(const CurrentEncoder& encoder, const Image& image, TimeMs duration,
                  CurrentEncoder::State& state) {
  SpikeTrain train;
  encoder.encode(image, duration, state, train);
  return train;
}

TEST(CurrentEncoder, HasTheRatesOfThePaper) {
  const Scene scene({255, 255, 255}, {0.0F, 0.5F, 0.9F});
  CurrentEncoder::State state(3);
  const auto times = by_neuron(encode(encoder(3), scene.image(), 10'000.0, state));
  // Fact sheet, section 7.2: about 995, 507 and 115 Hz; counts over 10 s, up to one spike at the edge.
  EXPECT_NEAR(static_cast<double>(times.at(0).size()), 9950.0, 5.0 + 1.0);
  EXPECT_NEAR(static_cast<double>(times.at(1).size()), 5070.0, 5.0 + 1.0);
  EXPECT_NEAR(static_cast<double>(times.at(2).size()), 1150.0, 5.0 + 1.0);
}

TEST(CurrentEncoder, HasTheClosedFormSpikeTimes) {
  Rng rng(61, Purpose::tests, 0);
  constexpr std::size_t pixels = 40;
  std::vector<std::uint8_t> values(pixels);
  std::vector<float> mean(pixels);
  std::vector<double> thresholds(pixels);
  CurrentEncoder::State state(pixels);
  for (std::size_t j = 0; j < pixels; ++j) {
    values[j] = static_cast<std::uint8_t>(rng.integer(256));
    mean[j] = static_cast<float>(rng.uniform(0.0, 0.6));
    thresholds[j] = rng.uniform(20.0, 21.0);
    state[j].v_mV = rng.uniform(0.0, thresholds[j]);
  }
  const CurrentEncoder::State start = state;
  const Scene scene(values, mean);
  const CurrentEncoder encoder(InputParams{}, LifParams{}, thresholds);
  const auto times = by_neuron(encode(encoder, scene.image(), 150.0, state));
  std::size_t active = 0;
  for (NeuronId j = 0; j < pixels; ++j) {
    // The contrast is a float: pixel / 255 - mean.
    const long double contrast = static_cast<float>(values[j]) / 255.0F - mean[j];
    const long double drive = 500.0L * contrast + 20.0L;
    const long double theta = thresholds[j];
    std::vector<TimeMs> expected;
    if (drive > theta) {
      const long double first = 25.0L * std::log((drive - start[j].v_mV) / (drive - theta));
      const long double period = 25.0L * std::log(drive / (drive - theta));
      for (long double t = first; t < 150.0L; t += period) expected.push_back(static_cast<TimeMs>(t));
      ++active;
    }
    const auto found = times.find(j);
    const std::vector<TimeMs> got = found == times.end() ? std::vector<TimeMs>() : found->second;
    ASSERT_EQ(got.size(), expected.size()) << "pixel " << j;
    for (std::size_t k = 0; k < got.size(); ++k) EXPECT_NEAR(got[k], expected[k], 1e-9);
  }
  EXPECT_GT(active, 10U);
  EXPECT_LT(active, pixels);
}

TEST(CurrentEncoder, IsSilentForAPixelAtOrBelowItsMean) {
  const Scene scene({0, 100, 51, 0}, {0.0F, 0.9F, 0.2F, 0.1F});
  CurrentEncoder::State state(4);
  EXPECT_TRUE(encode(encoder(4), scene.image(), 1e4, state).empty());
  // Even at the lowest threshold that is ever drawn, the bias itself.
  state.assign(4, {});
  EXPECT_TRUE(encode(encoder(4, 20.0), scene.image(), 1e4, state).empty());
}

TEST(CurrentEncoder, PutsSpikesInOrderOfTimeThenPixel) {
  const Scene scene({200, 200, 255, 200}, {0.1F, 0.1F, 0.1F, 0.1F});
  CurrentEncoder::State state(4);
  const SpikeTrain train = encode(encoder(4), scene.image(), 100.0, state);
  ASSERT_GT(train.size(), 100U);
  std::size_t ties = 0;
  for (std::size_t k = 1; k < train.size(); ++k) {
    EXPECT_LE(train[k - 1], train[k]);
    ties += train.times()[k - 1] == train.times()[k] ? 1 : 0;
  }
  EXPECT_GT(ties, 50U) << "equal pixels must spike together";
}

TEST(CurrentEncoder, GivesTheSameSpikesInOnePresentationAndInSeveral) {
  const Scene scene({255, 180, 90, 10, 0}, {0.1F, 0.2F, 0.3F, 0.02F, 0.2F});
  const CurrentEncoder input = encoder(5);
  CurrentEncoder::State whole(5);
  for (std::size_t j = 0; j < 5; ++j) whole[j].v_mV = 4.0 * static_cast<double>(j);
  CurrentEncoder::State parts = whole;
  const SpikeTrain expected = encode(input, scene.image(), 600.0, whole);
  SpikeTrain joined;
  for (int presentation = 0; presentation < 4; ++presentation) {
    const SpikeTrain part = encode(input, scene.image(), 150.0, parts);
    for (std::size_t k = 0; k < part.size(); ++k)
      joined.append(150.0 * presentation + part.times()[k], part.sources()[k]);
  }
  EXPECT_LT(largest_distance(joined, expected), 1e-9);
  for (std::size_t j = 0; j < 5; ++j) EXPECT_NEAR(parts[j].v_mV, whole[j].v_mV, 1e-9);
}

TEST(CurrentEncoder, StartsTheNextImageWhereTheLastOneLeftTheVoltage) {
  const Scene dark({0}, {0.1F});
  const Scene bright({255}, {0.1F});
  const CurrentEncoder input = encoder(1);
  CurrentEncoder::State state(1);
  EXPECT_TRUE(encode(input, dark.image(), 1000.0, state).empty());
  const double rest = 500.0 * static_cast<double>(-0.1F) + 20.0;
  EXPECT_NEAR(state[0].v_mV, rest, 1e-9);
  const SpikeTrain train = encode(input, bright.image(), 10.0, state);
  const double drive = 500.0 * static_cast<double>(1.0F - 0.1F) + 20.0;
  ASSERT_FALSE(train.empty());
  EXPECT_NEAR(train.times()[0], 25.0 * std::log((drive - rest) / (drive - 20.5)), 1e-9);
}

}  // namespace
}  // namespace shallows
