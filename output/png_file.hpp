// Pictures as PNG files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace shallows {

/// Writes 8-bit pixels, row by row, the channels of a pixel together (1: gray, 3: red, green, blue), to
/// NAME.part, which becomes `name` when it is complete. Throws Error (data) if that fails.
void write_png(const std::string& name, std::size_t width, std::size_t height, std::size_t channels,
               std::span<const std::uint8_t> pixels);

}  // namespace shallows
