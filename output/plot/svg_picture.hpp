// Pictures of pixels as SVG documents.
#pragma once

#include <string>
#include <string_view>

#include "output/plot/png.hpp"

namespace shallows {

/// Bytes as base64 (RFC 4648, padded, without line breaks).
std::string base64(std::string_view bytes);

/// The picture as a document that needs no other file: it holds the PNG of encode_png(). One unit for each
/// pixel; pixels stay sharp when it is enlarged. `title` may hold any characters. Throws what encode_png()
/// does.
std::string render_svg(const Picture& picture, const std::string& title);

}  // namespace shallows
