// Drawing with characters: dots, axes and small charts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace shallows {

enum class Glyphs {
  unicode,  ///< braille, 2 x 4 dots in a character
  ascii,    ///< for terminals without it, 1 dot in a character
};

/// A drawing surface of `columns` x `rows` characters.
class DotCanvas {
 public:
  DotCanvas(std::size_t columns, std::size_t rows, Glyphs glyphs, char ascii_mark);

  /// In dots; the origin is at the top left.
  std::size_t width() const { return columns_ * dots_across(); }
  std::size_t height() const { return rows_ * dots_down(); }
  std::size_t dots_across() const { return glyphs_ == Glyphs::unicode ? 2 : 1; }
  std::size_t dots_down() const { return glyphs_ == Glyphs::unicode ? 4 : 1; }

  void set(std::size_t x, std::size_t y);
  /// One row of characters as UTF-8.
  std::string row(std::size_t row) const;

 private:
  std::size_t columns_;
  std::size_t rows_;
  Glyphs glyphs_;
  char ascii_mark_;
  std::vector<std::uint8_t> cells_;
};

/// The dot on 0 ... dots - 1 for `value` on low ... high.
std::size_t dot_of(double value, double low, double high, std::size_t dots);

/// Two lines under a drawing of `columns` characters that starts after `margin` characters: ticks and their
/// numbers, with the unit at the end.
std::string render_axis(double low, double high, std::size_t margin, std::size_t columns,
                        const std::string& unit, Glyphs glyphs);

struct ChartStyle {
  std::size_t width = 80;  ///< characters, all in all
  std::size_t rows = 10;   ///< characters of the drawing
  Glyphs glyphs = Glyphs::unicode;
};

/// y over x as a line of dots with both axes; values that are not finite are left out. x and y are of equal
/// length. Empty if fewer than two points are left.
std::string render_chart(std::span<const double> x, std::span<const double> y, const std::string& title,
                         const std::string& x_name, const ChartStyle& style);

/// Characters of a UTF-8 text, each taken as one column wide.
std::size_t display_width(const std::string& text);

}  // namespace shallows
