#include "output/png_file.hpp"

#include <png.h>

#include <cassert>
#include <filesystem>
#include <system_error>

#include "sim/error.hpp"

namespace shallows {

void write_png(const std::string& name, std::size_t width, std::size_t height, std::size_t channels,
               std::span<const std::uint8_t> pixels) {
  assert((channels == 1 || channels == 3) && pixels.size() == width * height * channels);
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  const std::string part = name + ".part";
  const bool written = png_image_write_to_file(&image, part.c_str(), 0, pixels.data(), 0, nullptr) != 0;
  std::error_code problem;
  if (written) std::filesystem::rename(part, name, problem);
  if (written && !problem) return;
  const std::string why = written ? problem.message() : image.message;
  std::filesystem::remove(part, problem);
  throw Error(ErrorKind::data,
              "can't write picture '" + name + "' (" + why + "); check the path and the disk");
}

}  // namespace shallows
