#include "output/svg_chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>

namespace shallows {
namespace {

constexpr double kWidth = 720.0;
constexpr double kHeight = 440.0;
constexpr double kLeft = 70.0;
constexpr double kRight = 20.0;
constexpr double kTop = 40.0;
constexpr double kBottom = 55.0;
// Told apart by people who see colours differently too (Okabe and Ito 2008).
constexpr std::array kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"};

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '&') {
      result += "&amp;";
    } else if (c == '<') {
      result += "&lt;";
    } else if (c == '>') {
      result += "&gt;";
    } else {
      result += c;
    }
  }
  return result;
}

/// 1, 2 or 5 times a power of ten, at least `least`.
double round_step(double least) {
  const double power = std::pow(10.0, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= least * (1.0 - 1e-9)) return factor * power;
  }
  return 10.0 * power;
}

struct Axis {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  std::vector<double> ticks = {};

  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  double position(double value) const { return (value - low) / (high - low); }

  void finish_linear() {
    if (high <= low) high = low + 1.0;
    const double step = round_step((high - low) / 6.0);
    low = std::floor(low / step) * step;
    high = std::ceil(high / step) * step;
    const auto count = static_cast<int>(std::lround((high - low) / step));
    for (int k = 0; k <= count; ++k) ticks.push_back(low + k * step);
  }
  /// `low` and `high` are logarithms; ticks at powers of ten.
  void finish_logarithmic() {
    low = std::floor(low);
    high = std::max(std::ceil(high), low + 1.0);
    for (double exponent = low; exponent <= high; exponent += 1.0) ticks.push_back(exponent);
  }
};

struct Plane {
  Axis x;
  Axis y;
  SvgScale x_scale;

  double scaled(double value) const { return x_scale == SvgScale::logarithmic ? std::log10(value) : value; }
  double left(double value) const { return kLeft + x.position(scaled(value)) * (kWidth - kLeft - kRight); }
  double top(double value) const {
    return kHeight - kBottom - y.position(value) * (kHeight - kTop - kBottom);
  }
};

Plane fit(std::span<const SvgSeries> series, SvgScale x_scale) {
  Plane plane{.x = {}, .y = {}, .x_scale = x_scale};
  for (const SvgSeries& one : series) {
    assert(one.x.size() == one.y.size() && (one.deviation.empty() || one.deviation.size() == one.y.size()));
    for (std::size_t k = 0; k < one.x.size(); ++k) {
      const double bar = one.deviation.empty() ? 0.0 : one.deviation[k];
      plane.x.include(plane.scaled(one.x[k]));
      plane.y.include(one.y[k] - bar);
      plane.y.include(one.y[k] + bar);
    }
  }
  if (x_scale == SvgScale::logarithmic) {
    plane.x.finish_logarithmic();
  } else {
    plane.x.finish_linear();
  }
  plane.y.finish_linear();
  return plane;
}

std::string line(double x1, double y1, double x2, double y2, const char* colour) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\"/>\n", x1,
                     y1, x2, y2, colour);
}

std::string label(double x, double y, const char* anchor, const std::string& text,
                  const std::string& more = {}) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y, anchor, more,
                     escaped(text));
}

std::string draw_axes(const Plane& plane, const SvgChartStyle& style) {
  std::string svg;
  const double bottom = kHeight - kBottom;
  for (const double tick : plane.x.ticks) {
    const double value = plane.x_scale == SvgScale::logarithmic ? std::pow(10.0, tick) : tick;
    const double x = plane.left(value);
    svg +=
        line(x, kTop, x, bottom, "#dddddd") + label(x, bottom + 18.0, "middle", fmt::format("{:.6g}", value));
  }
  for (const double tick : plane.y.ticks) {
    const double y = plane.top(tick);
    svg += line(kLeft, y, kWidth - kRight, y, "#dddddd") +
           label(kLeft - 8.0, y + 4.0, "end", fmt::format("{:.6g}", tick));
  }
  svg += line(kLeft, bottom, kWidth - kRight, bottom, "black") + line(kLeft, kTop, kLeft, bottom, "black");
  const double middle = (kTop + bottom) / 2.0;
  svg += label(kWidth / 2.0, 22.0, "middle", style.title, " font-size=\"16\"");
  svg += label((kLeft + kWidth - kRight) / 2.0, kHeight - 14.0, "middle", style.x_label);
  svg += label(18.0, middle, "middle", style.y_label,
               fmt::format(" transform=\"rotate(-90 18 {:.1f})\"", middle));
  return svg;
}

std::string draw_series(const SvgSeries& one, const Plane& plane, const char* colour) {
  std::string points, marks;
  for (std::size_t k = 0; k < one.x.size(); ++k) {
    const double x = plane.left(one.x[k]);
    const double y = plane.top(one.y[k]);
    points += fmt::format("{:.1f},{:.1f} ", x, y);
    marks += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"/>\n", x, y, colour);
    if (one.deviation.empty()) continue;
    const double low = plane.top(one.y[k] - one.deviation[k]);
    const double high = plane.top(one.y[k] + one.deviation[k]);
    marks += line(x, low, x, high, colour) + line(x - 4.0, low, x + 4.0, low, colour) +
             line(x - 4.0, high, x + 4.0, high, colour);
  }
  return fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\"/>\n", points,
                     colour) +
         marks;
}

}  // namespace

std::string render_svg(std::span<const SvgSeries> series, const SvgChartStyle& style) {
  const Plane plane = fit(series, style.x_scale);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} "
      "{1:.0f}\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" "
      "fill=\"white\"/>\n",
      kWidth, kHeight);
  svg += draw_axes(plane, style);
  for (std::size_t k = 0; k < series.size(); ++k) {
    const char* colour = kColours[k % kColours.size()];
    const double y = kHeight - kBottom - 14.0 - 18.0 * static_cast<double>(series.size() - 1 - k);
    svg += draw_series(series[k], plane, colour);
    svg += line(kWidth - kRight - 190.0, y - 4.0, kWidth - kRight - 165.0, y - 4.0, colour) +
           label(kWidth - kRight - 158.0, y, "start", series[k].name);
  }
  return svg + "</svg>\n";
}

}  // namespace shallows
