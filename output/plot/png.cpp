#include "output/plot/png.hpp"

#include <png.h>

#include <cassert>

#include "output/file/text_file.hpp"
#include "sim/core/error.hpp"

namespace shallows {

std::string encode_png(const Picture& picture) {
  assert(picture.channels == 1 || picture.channels == 3);
  assert(picture.pixels.size() == picture.height * picture.width * picture.channels);
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(picture.width);
  image.height = static_cast<png_uint_32>(picture.height);
  image.format = picture.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string bytes(size, '\0');
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, picture.pixels.data(), 0, nullptr) == 0) {
    throw Error(ErrorKind::data,
                std::string("can't draw a picture (") + image.message + "); choose a smaller one");
  }
  bytes.resize(size);
  return bytes;
}

void write_png(const std::string& path, const Picture& picture) {
  write_text_file(path, encode_png(picture));
}

}  // namespace shallows
