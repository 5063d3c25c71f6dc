#include "encoders/mosaic.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

namespace shallows {
namespace {

std::uint8_t pixel(const Mosaic& picture, std::size_t row, std::size_t column, std::size_t channel = 0) {
  return picture.pixels[(row * picture.width + column) * picture.channels + channel];
}

TEST(Mosaic, ShowsEachFilterWithItsOwnContrastAndLinesBetween) {
  // Three filters of 2 x 2: in two columns and two rows.
  const ReceptiveFields bank({.height = 4, .width = 4}, 2, {{0, 0}, {1, 1}, {2, 2}},
                             {1.0F, -1.0F, 0.0F, 0.5F, 20.0F, 0.0F, 0.0F, -10.0F, 0.0F, 0.0F, 0.0F, 0.0F});
  const Mosaic picture = mosaic(bank, 10, 1);
  ASSERT_EQ(picture.width, 7U);
  ASSERT_EQ(picture.height, 7U);
  ASSERT_EQ(picture.channels, 1U);
  EXPECT_EQ(pixel(picture, 1, 1), 255);
  EXPECT_EQ(pixel(picture, 1, 2), 0);
  EXPECT_EQ(pixel(picture, 2, 1), 128);
  EXPECT_EQ(pixel(picture, 1, 4), 255) << "a filter of 20 is as bright as one of 1";
  EXPECT_EQ(pixel(picture, 2, 5), 64);
  for (const std::size_t row : {4U, 5U}) EXPECT_EQ(pixel(picture, row, 1), 128) << "a zero filter is gray";
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(pixel(picture, 3, i), 0) << "a line";
  EXPECT_EQ(pixel(picture, 4, 4), 0) << "no filter, no picture";
}

TEST(Mosaic, ShowsColoursAndEnlarges) {
  const ReceptiveFields bank({.height = 2, .width = 2, .channels = 3}, 1, {{0, 0}}, {1.0F, 0.0F, -1.0F});
  const Mosaic picture = mosaic(bank, 10, 3);
  ASSERT_EQ(picture.channels, 3U);
  ASSERT_EQ(picture.width, 5U);
  for (const std::size_t place : {1U, 3U}) {
    EXPECT_EQ(pixel(picture, place, place, 0), 255);
    EXPECT_EQ(pixel(picture, place, place, 1), 128);
    EXPECT_EQ(pixel(picture, place, place, 2), 0);
  }
}

TEST(Mosaic, SpreadsOverABankThatIsTooLarge) {
  std::vector<PatchPosition> positions(8, PatchPosition{0, 0});
  std::vector<float> filters(8 * 4, 0.0F);
  for (std::size_t i = 0; i < 8; ++i) filters[4 * i + (i >= 4 ? 1 : 0)] = 1.0F;
  const Mosaic picture = mosaic({{.height = 2, .width = 2}, 2, positions, filters}, 2, 1);
  ASSERT_EQ(picture.width, 7U);
  ASSERT_EQ(picture.height, 4U);
  EXPECT_EQ(pixel(picture, 1, 1), 255) << "filter 0";
  EXPECT_EQ(pixel(picture, 1, 5), 255) << "filter 4";
}

}  // namespace
}  // namespace shallows
