// Reader of the binary version of CIFAR-10 (Krizhevsky 2009): records of 3073 bytes, one label from 0 to 9,
// then 32 x 32 pixels of red, of green and of blue, row by row. Plain or gzip-compressed, told apart by their
// content.
#pragma once

#include <span>
#include <string>

#include "encoders/image.hpp"

namespace shallows {

/// Reads the batches one after the other, as images of 3 channels (red, green, blue). Each holds any number
/// of whole records, up to 100000 (the official ones 10000). Throws Error (data), naming the file and the
/// reason: it is missing, not a regular file, empty, not made of whole records, too long, has a label above
/// 9, or is damaged (gzip).
ImageSet read_cifar10(std::span<const std::string> batches);

}  // namespace shallows
