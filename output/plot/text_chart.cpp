#include "output/plot/text_chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "output/plot/ticks.hpp"

namespace shallows {
namespace {

constexpr std::size_t chart_margin = 9;

/// A range that is not empty around the finite values.
std::pair<double, double> range_of(std::span<const double> values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  if (*low < *high) return {*low, *high};
  const double around = *low == 0.0 ? 1.0 : 0.05 * std::abs(*low);
  return {*low - around, *high + around};
}

}  // namespace

DotCanvas::DotCanvas(std::size_t columns, std::size_t rows, Glyphs glyphs, char ascii_mark)
    : columns_(columns), rows_(rows), glyphs_(glyphs), ascii_mark_(ascii_mark), cells_(columns * rows, 0) {}

void DotCanvas::set(std::size_t x, std::size_t y) {
  assert(x < width() && y < height());
  // Bits of U+2800 by column and row of the dot.
  constexpr std::uint8_t braille[2][4] = {{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}};
  std::uint8_t& cell = cells_[y / dots_down() * columns_ + x / dots_across()];
  cell = static_cast<std::uint8_t>(cell | braille[x % dots_across()][y % dots_down()]);
}

std::string DotCanvas::row(std::size_t row) const {
  std::string text;
  for (std::size_t column = 0; column < columns_; ++column) {
    const std::uint8_t cell = cells_[row * columns_ + column];
    if (cell == 0) {
      text += ' ';
    } else if (glyphs_ == Glyphs::ascii) {
      text += ascii_mark_;
    } else {
      // U+2800 + cell in UTF-8.
      text += '\xE2';
      text += static_cast<char>(0xA0 | (cell >> 6));
      text += static_cast<char>(0x80 | (cell & 0x3F));
    }
  }
  return text;
}

std::size_t dot_of(double value, double low, double high, std::size_t dots) {
  const double place = std::floor((value - low) / (high - low) * static_cast<double>(dots));
  return static_cast<std::size_t>(std::clamp(place, 0.0, static_cast<double>(dots - 1)));
}

std::string render_axis(double low, double high, std::size_t margin, std::size_t columns,
                        const std::string& unit, Glyphs glyphs) {
  const bool unicode = glyphs == Glyphs::unicode;
  std::vector<std::string> line(columns, unicode ? "─" : "-");
  // The last number may stand out by half its length.
  std::string numbers(margin + 1 + columns + 4, ' ');
  std::size_t free_from = 0;
  for (const double tick : linear_ticks(low, high, static_cast<double>(columns) / 8.0)) {
    const std::size_t column = dot_of(tick, low, high, columns);
    line[column] = unicode ? "┴" : "+";
    const std::string number = fmt::format("{:.6g}", tick == 0.0 ? 0.0 : tick);
    const std::size_t center = margin + 1 + column;
    const std::size_t begin = center - std::min(center, number.size() / 2);
    if (begin < free_from || begin + number.size() > numbers.size()) continue;
    numbers.replace(begin, number.size(), number);
    free_from = begin + number.size() + 1;
  }
  std::string text(margin, ' ');
  text += unicode ? "└" : "+";
  for (const std::string& piece : line) text += piece;
  numbers.erase(numbers.find_last_not_of(' ') + 1);
  return text + "\n" + numbers + " " + unit + "\n";
}

std::string render_chart(std::span<const double> x, std::span<const double> y, const std::string& title,
                         const std::string& x_name, const ChartStyle& style) {
  assert(x.size() == y.size());
  std::vector<double> xs;
  std::vector<double> ys;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x[i]) || !std::isfinite(y[i])) continue;
    xs.push_back(x[i]);
    ys.push_back(y[i]);
  }
  if (xs.size() < 2) return {};
  const auto [x_low, x_high] = range_of(xs);
  const auto [y_low, y_high] = range_of(ys);
  const std::size_t columns = std::max<std::size_t>(style.width, chart_margin + 12) - chart_margin - 1;
  DotCanvas canvas(columns, style.rows, style.glyphs, '*');
  const auto column_of = [&](double value) { return dot_of(value, x_low, x_high, canvas.width()); };
  const auto row_of = [&](double value) {
    return canvas.height() - 1 - dot_of(value, y_low, y_high, canvas.height());
  };
  for (std::size_t i = 0; i < xs.size(); ++i) {
    canvas.set(column_of(xs[i]), row_of(ys[i]));
    if (i == 0) continue;
    const std::size_t begin = std::min(column_of(xs[i - 1]), column_of(xs[i]));
    const std::size_t end = std::max(column_of(xs[i - 1]), column_of(xs[i]));
    for (std::size_t column = begin + 1; column < end; ++column) {
      const double part = static_cast<double>(column - begin) / static_cast<double>(end - begin);
      const double from = xs[i - 1] <= xs[i] ? ys[i - 1] : ys[i];
      const double to = xs[i - 1] <= xs[i] ? ys[i] : ys[i - 1];
      canvas.set(column, row_of(from + part * (to - from)));
    }
  }
  std::string text = title + "\n";
  for (std::size_t row = 0; row < style.rows; ++row) {
    std::string label;
    if (row == 0) label = fmt::format("{:.5g}", y_high);
    if (row + 1 == style.rows) label = fmt::format("{:.5g}", y_low);
    text += fmt::format("{:>{}} {}{}\n", label, chart_margin - 1, style.glyphs == Glyphs::unicode ? "│" : "|",
                        canvas.row(row));
  }
  return text + render_axis(x_low, x_high, chart_margin, columns, x_name, style.glyphs);
}

std::size_t display_width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace shallows
