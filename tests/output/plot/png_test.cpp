#include "output/plot/png.hpp"

#include <gtest/gtest.h>
#include <png.h>

#include <filesystem>

#include "sim/core/error.hpp"
#include "tests/output/temporary_directory.hpp"

namespace shallows {
namespace {

TEST(Png, HoldsThePixelsThatWereWritten) {
  const TemporaryDirectory directory;
  for (const std::size_t channels : {std::size_t{1}, std::size_t{3}}) {
    Picture picture(5, 7, channels, 9);
    for (std::size_t row = 0; row < 5; ++row)
      picture.at(row, 2 * row % 7, channels - 1) = static_cast<std::uint8_t>(50 * row);
    const std::string path = directory / "picture.png";
    write_png(path, picture);
    EXPECT_FALSE(std::filesystem::exists(path + ".part"));
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    ASSERT_NE(png_image_begin_read_from_file(&image, path.c_str()), 0) << image.message;
    EXPECT_EQ(image.width, 7U);
    EXPECT_EQ(image.height, 5U);
    image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
    std::vector<std::uint8_t> pixels(PNG_IMAGE_SIZE(image));
    ASSERT_NE(png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr), 0) << image.message;
    EXPECT_EQ(pixels, picture.pixels);
  }
}

TEST(Png, SaysWhereItCouldNotBeWritten) {
  const TemporaryDirectory directory;
  const std::string path = directory / "nowhere/picture.png";
  try {
    write_png(path, Picture(2, 2, 1, 0));
    FAIL() << "written into a folder that is not there";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(path), std::string::npos);
  }
}

}  // namespace
}  // namespace shallows
