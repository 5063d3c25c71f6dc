// Reader of IDX files, the format of MNIST and its successors: a big-endian header (two zero bytes, the
// element type, the number of dimensions, the dimensions), then the elements. Plain or gzip-compressed, told
// apart by their content. Only unsigned bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "encoders/image.hpp"

namespace shallows {

struct IdxImages {
  ImageShape shape;
  std::size_t count = 0;
  std::vector<std::uint8_t> pixels;  ///< count * shape.pixels() values, [image][channel][row][column]
};

/// Reads images: dimensions [count][rows][columns], or [count][channels][rows][columns]. Throws Error (data),
/// naming the file and the reason: it is missing, not a regular file, empty, not IDX, of another element
/// type, without images, larger than 4096 pixels a side or 4 GiB in all, truncated, over-long, or damaged
/// (gzip). Takes little more memory than the pixels, however large a broken header claims them to be.
IdxImages read_idx_images(const std::string& path);

/// Reads labels: dimension [count]. Throws as read_idx_images does.
std::vector<std::uint8_t> read_idx_labels(const std::string& path);

/// Reads images and their labels; throws Error (data) also if there are not as many of one as of the other.
ImageSet read_idx_set(const std::string& images_path, const std::string& labels_path);

}  // namespace shallows
