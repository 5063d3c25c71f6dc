// The filters of a bank side by side, as a picture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "encoders/receptive_fields.hpp"

namespace shallows {

/// 8-bit pixels, row by row, the channels of a pixel together.
struct Mosaic {
  std::size_t width = 0;
  std::size_t height = 0;
  std::size_t channels = 1;  ///< 1: gray, 3: red, green, blue
  std::vector<std::uint8_t> pixels;
};

/// Up to `most` filters, evenly spread over the bank, in rows of equal length with a line between them. Every
/// filter has a contrast of its own: 0 is middle gray, its largest magnitude black or white. Banks of 3
/// channels are in colour, of others the mean over channels is shown. A filter pixel takes `zoom` x `zoom`
/// pixels.
Mosaic mosaic(const ReceptiveFields& bank, std::size_t most, std::size_t zoom);

}  // namespace shallows
