#include "encoders/image.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace shallows {
namespace {

constexpr ImageShape two_by_three{.height = 2, .width = 3};

/// Three images of 2 x 3 pixels with labels 7, 8, 9.
ImageSet three_images() {
  return {two_by_three,
          {0, 51, 102, 153, 204, 255, 10, 20, 30, 40, 50, 60, 255, 255, 255, 255, 255, 255},
          {7, 8, 9}};
}

TEST(ImageShape, CountsThePixelsOfAllChannels) {
  EXPECT_EQ(two_by_three.pixels(), 6U);
  EXPECT_EQ((ImageShape{.height = 32, .width = 32, .channels = 3}.pixels()), 3072U);
  EXPECT_NE(two_by_three, (ImageShape{.height = 3, .width = 2}));
}

TEST(ImageSet, GivesEachImageWithItsLabel) {
  const ImageSet set = three_images();
  ASSERT_EQ(set.size(), 3U);
  EXPECT_FALSE(set.empty());
  EXPECT_EQ(set.shape(), two_by_three);
  const Image second = set.image(1);
  EXPECT_EQ(second.shape, two_by_three);
  EXPECT_EQ(std::vector<std::uint8_t>(second.pixels.begin(), second.pixels.end()),
            (std::vector<std::uint8_t>{10, 20, 30, 40, 50, 60}));
  EXPECT_EQ(set.label(0), 7);
  EXPECT_EQ(set.label(2), 9);
  EXPECT_EQ(set.labels().size(), 3U);
}

TEST(ImageSet, ScalesPixelsToTheUnitIntervalWhileThereIsNoMean) {
  const ImageSet set = three_images();
  std::vector<float> view(6);
  set.image(0).centered(view);
  const std::vector<float> expected = {0.0F, 0.2F, 0.4F, 0.6F, 0.8F, 1.0F};
  for (std::size_t j = 0; j < view.size(); ++j) EXPECT_FLOAT_EQ(view[j], expected[j]);
}

TEST(ImageSet, RemovesItsMeanFromTheCenteredView) {
  ImageSet set = three_images();
  const std::vector<float> mean = set.pixel_mean();
  ASSERT_EQ(mean.size(), 6U);
  EXPECT_FLOAT_EQ(mean[0], static_cast<float>((0.0 + 10.0 + 255.0) / 3.0 / 255.0));
  EXPECT_FLOAT_EQ(mean[5], static_cast<float>((255.0 + 60.0 + 255.0) / 3.0 / 255.0));
  set.set_mean(mean);
  std::vector<float> sum(6, 0.0F);
  std::vector<float> view(6);
  for (std::size_t i = 0; i < set.size(); ++i) {
    set.image(i).centered(view);
    for (std::size_t j = 0; j < view.size(); ++j) sum[j] += view[j];
  }
  for (const float total : sum) EXPECT_NEAR(total, 0.0F, 1e-6F);
}

TEST(ImageSet, HasTheMeanOfItsPixelsWhateverMeanItRemoves) {
  ImageSet set = three_images();
  const std::vector<float> mean = set.pixel_mean();
  set.set_mean(std::vector<float>(6, 0.25F));
  EXPECT_EQ(set.pixel_mean(), mean);
}

TEST(ImageSet, TakesTheMeanOfAnotherSet) {
  ImageSet set = three_images();
  set.set_mean(std::vector<float>(6, 0.25F));
  std::vector<float> view(6);
  set.image(2).centered(view);
  for (const float pixel : view) EXPECT_FLOAT_EQ(pixel, 0.75F);
}

TEST(ImageSet, SlicesWithTheSameMean) {
  ImageSet set = three_images();
  set.set_mean(std::vector<float>(6, 0.25F));
  const ImageSet tail = set.slice(1, 2);
  ASSERT_EQ(tail.size(), 2U);
  EXPECT_EQ(tail.shape(), two_by_three);
  EXPECT_EQ(tail.label(0), 8);
  EXPECT_EQ(tail.image(0).pixels[0], 10);
  EXPECT_EQ(tail.image(1).pixels[5], 255);
  EXPECT_EQ(tail.mean()[3], 0.25F);
  EXPECT_TRUE(set.slice(3, 0).empty());
}

TEST(ImageSet, SelectsImagesInAnyOrderWithTheSameMean) {
  ImageSet set = three_images();
  set.set_mean(std::vector<float>(6, 0.25F));
  const ImageSet chosen = set.select(std::vector<std::size_t>{2, 0, 2});
  ASSERT_EQ(chosen.size(), 3U);
  for (const std::size_t k : {std::size_t{0}, std::size_t{2}}) {
    EXPECT_EQ(chosen.label(k), set.label(2));
    EXPECT_TRUE(std::ranges::equal(chosen.image(k).pixels, set.image(2).pixels));
  }
  EXPECT_TRUE(std::ranges::equal(chosen.image(1).pixels, set.image(0).pixels));
  EXPECT_EQ(chosen.mean()[3], 0.25F);
}

TEST(ImageSet, HasAZeroMeanWhenItIsEmpty) {
  const ImageSet set(two_by_three, {}, {});
  EXPECT_TRUE(set.empty());
  EXPECT_EQ(set.pixel_mean(), std::vector<float>(6, 0.0F));
}

TEST(ImageSet, HasAnExactMeanOfManyImages) {
  // 2^16 images of one pixel, 255 or 0 in turns: a float sum would have lost count by now.
  constexpr std::size_t n = 1U << 16;
  std::vector<std::uint8_t> pixels(n);
  for (std::size_t i = 0; i < n; ++i) pixels[i] = i % 2 == 0 ? 255 : 0;
  const ImageSet set({.height = 1, .width = 1}, pixels, std::vector<std::uint8_t>(n, 0));
  EXPECT_EQ(set.pixel_mean()[0], 0.5F);
}

}  // namespace
}  // namespace shallows
