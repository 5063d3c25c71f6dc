// Reader of the binary version of CIFAR-10 (Krizhevsky 2009): records of 3073 bytes, one label from 0 to 9,
// then 32 x 32 pixels of red, of green and of blue, row by row. Plain or gzip-compressed, told apart by their
// content.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "encoders/image.hpp"

namespace shallows {

/// Of each of the six official batches.
inline constexpr std::size_t kCifar10BatchImages = 10'000;

/// Reads the batches one after the other, as images of 3 channels (red, green, blue). Throws Error (data),
/// naming the file and the reason: it is missing, not a regular file, not made of whole records, holds
/// another number of them than `images_per_batch` (only tests have reason to change it), has a label above 9,
/// or is damaged (gzip).
ImageSet read_cifar10(std::span<const std::string> batches,
                      std::size_t images_per_batch = kCifar10BatchImages);

}  // namespace shallows
