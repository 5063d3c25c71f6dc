#include "output/png.hpp"

#include <fmt/format.h>
#include <png.h>

#include <cassert>
#include <filesystem>
#include <system_error>

#include "sim/error.hpp"

namespace shallows {

void write_png(const std::string& path, const Picture& picture) {
  assert(picture.channels == 1 || picture.channels == 3);
  assert(picture.pixels.size() == picture.height * picture.width * picture.channels);
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(picture.width);
  image.height = static_cast<png_uint_32>(picture.height);
  image.format = picture.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  const std::string part = path + ".part";
  std::error_code problem;
  const int written = png_image_write_to_file(&image, part.c_str(), 0, picture.pixels.data(), 0, nullptr);
  if (written != 0) std::filesystem::rename(part, path, problem);
  if (written != 0 && !problem) return;
  const std::string reason = written == 0 ? image.message : problem.message();
  std::filesystem::remove(part, problem);
  throw Error(ErrorKind::data,
              fmt::format("can't write the picture '{}' ({}); choose another place", path, reason));
}

}  // namespace shallows
