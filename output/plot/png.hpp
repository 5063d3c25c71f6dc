// Pictures, and PNG files of them (by libpng).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace shallows {

/// Grey or RGB, 8 bits.
struct Picture {
  std::size_t height = 0;
  std::size_t width = 0;
  std::size_t channels = 1;               ///< 1 or 3
  std::vector<std::uint8_t> pixels = {};  ///< [row][column][channel]

  Picture() = default;
  /// All pixels of the given brightness.
  Picture(std::size_t rows, std::size_t columns, std::size_t channel_count, std::uint8_t brightness)
      : height(rows),
        width(columns),
        channels(channel_count),
        pixels(rows * columns * channel_count, brightness) {}

  std::uint8_t& at(std::size_t row, std::size_t column, std::size_t channel) {
    return pixels[(row * width + column) * channels + channel];
  }
};

/// The bytes of a PNG file, the same for the same picture. Throws Error (data) if it is too large for one.
std::string encode_png(const Picture& picture);

/// What encode_png() gives. Writes path.part, then renames it. Throws Error (data).
void write_png(const std::string& path, const Picture& picture);

}  // namespace shallows
