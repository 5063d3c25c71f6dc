#include "output/plot/svg_picture.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>

#include "output/plot/line_plot.hpp"

namespace shallows {

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t first = 0; first < bytes.size(); first += 3) {
    const std::string_view group = bytes.substr(first, 3);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      bits = bits << 8U | (k < group.size() ? static_cast<std::uint8_t>(group[k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= group.size() ? kDigits[bits >> (18U - 6U * k) & 63U] : '=';
    }
  }
  return text;
}

std::string render_svg(const Picture& picture, const std::string& title) {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\">\n"
      "<title>{2}</title>\n"
      "<image width=\"{0}\" height=\"{1}\" style=\"image-rendering:pixelated\" "
      "href=\"data:image/png;base64,{3}\"/>\n"
      "</svg>\n",
      picture.width, picture.height, xml_escaped(title), base64(encode_png(picture)));
}

}  // namespace shallows
