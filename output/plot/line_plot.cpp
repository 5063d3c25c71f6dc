#include "output/plot/line_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

#include "output/plot/text_chart.hpp"
#include "output/plot/ticks.hpp"

namespace shallows {
namespace {

constexpr double kTop = 40.0;
constexpr double kBottom = 56.0;
constexpr double kLeft = 72.0;
constexpr double kRight = 24.0;
constexpr double kCharacter = 6.8;  // width of one at 12 px, rather too much than too little
constexpr double kLegendLine = 28.0;
constexpr double kLegendStep = 20.0;
constexpr std::array kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"};
constexpr int kMarkers = 4;

bool counts(const PlotAxis& axis, double value) {
  return std::isfinite(value) && (axis.scale == AxisScale::linear || value > 0.0);
}

struct Point {
  double x;
  double y;
  double error;
};

std::vector<Point> points_of(const LinePlot& plot, const PlotSeries& series) {
  assert(series.x.size() == series.y.size());
  assert(series.y_error.empty() || series.y_error.size() == series.y.size());
  std::vector<Point> points;
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    if (!counts(plot.x, series.x[i]) || !counts(plot.y, series.y[i])) continue;
    const double error = series.y_error.empty() ? 0.0 : series.y_error[i];
    points.push_back({series.x[i], series.y[i], std::isfinite(error) ? error : 0.0});
  }
  return points;
}

/// An axis with its ends and the pixels that they fall on.
class Scale {
 public:
  /// `low` and `high` are those of the data.
  Scale(const PlotAxis& axis, double low, double high, double from, double to)
      : axis_(axis), from_(from), to_(to) {
    low_ = transform(axis.low.value_or(low));
    high_ = transform(axis.high.value_or(high));
    if (!(low_ < high_)) {  // a single value; any neighbourhood will do
      const double around = axis.scale == AxisScale::logarithmic || low_ == 0.0 ? 0.5 : 0.05 * std::abs(low_);
      low_ -= around;
      high_ += around;
    }
    const double margin = 0.03 * (high_ - low_);
    if (!axis.low) low_ -= margin;
    if (!axis.high) high_ += margin;
  }

  double pixel(double value) const {
    return from_ + (transform(value) - low_) / (high_ - low_) * (to_ - from_);
  }
  bool holds(double value) const {
    const double slack = 1e-9 * (high_ - low_);
    return transform(value) >= low_ - slack && transform(value) <= high_ + slack;
  }
  double lowest() const { return back(low_); }
  std::vector<double> ticks() const {
    const double most = std::abs(to_ - from_) / 60.0;
    return axis_.scale == AxisScale::linear ? linear_ticks(low_, high_, most)
                                            : logarithmic_ticks(back(low_), back(high_), most);
  }

 private:
  double transform(double value) const {
    return axis_.scale == AxisScale::linear ? value : std::log10(value);
  }
  double back(double value) const { return axis_.scale == AxisScale::linear ? value : std::pow(10.0, value); }

  PlotAxis axis_;
  double from_, to_;
  double low_, high_;
};

/// Smallest and largest of the values that `get` finds; 1 and 2 if there are none.
template <class Get>
std::pair<double, double> extent(const LinePlot& plot, Get&& get) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const PlotSeries& series : plot.series) {
    for (const Point& point : points_of(plot, series)) {
      for (const double value : get(point)) {
        low = std::min(low, value);
        high = std::max(high, value);
      }
    }
  }
  return low <= high ? std::pair(low, high) : std::pair(1.0, 2.0);
}

class SvgPlot {
 public:
  explicit SvgPlot(const LinePlot& plot)
      : plot_(plot),
        right_(plot.width - legend_width()),
        bottom_(plot.height - kBottom),
        x_(make_x_scale()),
        y_(make_y_scale()) {}

  std::string render() {
    add(R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0:.0f} {1:.0f}" width="{0:.0f}")"
        R"( height="{1:.0f}" role="img" font-family="sans-serif" font-size="12" fill="#222">)",
        plot_.width, plot_.height);
    add("<title>{}</title>", xml_escaped(plot_.title));
    add(R"(<rect width="100%" height="100%" fill="#fff"/>)");
    add_text((kLeft + right_) / 2.0, 22.0, "middle", plot_.title, R"( font-size="14")");
    add_axes();
    add_lines();
    for (std::size_t s = 0; s < plot_.series.size(); ++s) add_markers(s);
    if (plot_.series.size() > 1) add_legend();
    return svg_ + "</svg>\n";
  }

 private:
  Scale make_x_scale() const {
    const auto [low, high] = extent(plot_, [](const Point& p) { return std::array{p.x}; });
    return {plot_.x, low, high, kLeft, right_};
  }
  Scale make_y_scale() const {
    const auto [low, high] = extent(plot_, [this](const Point& p) {
      return std::array{p.y, p.y + p.error, counts(plot_.y, p.y - p.error) ? p.y - p.error : p.y};
    });
    return {plot_.y, low, high, bottom_, kTop};
  }

  /// A line of the document.
  template <class... Values>
  void add(fmt::format_string<Values...> format, Values&&... values) {
    fmt::format_to(std::back_inserter(svg_), format, std::forward<Values>(values)...);
    svg_ += '\n';
  }

  void add_text(double x, double y, const char* anchor, const std::string& text,
                const std::string& more = {}) {
    add(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}"{}>{}</text>)", x, y, anchor, more, xml_escaped(text));
  }

  void add_axes() {
    for (const double tick : x_.ticks()) {
      const double x = x_.pixel(tick);
      add(R"(<path d="M{:.1f} {:.1f}V{:.1f}" stroke="#e3e3e3"/>)", x, kTop, bottom_);
      add_text(x, bottom_ + 17.0, "middle", tick_label(tick));
    }
    for (const double tick : y_.ticks()) {
      const double y = y_.pixel(tick);
      add(R"(<path d="M{:.1f} {:.1f}H{:.1f}" stroke="#e3e3e3"/>)", kLeft, y, right_);
      add_text(kLeft - 7.0, y + 4.0, "end", tick_label(tick));
    }
    add(R"(<path d="M{:.1f} {:.1f}V{:.1f}H{:.1f}" fill="none" stroke="#666"/>)", kLeft, kTop, bottom_,
        right_);
    add_text((kLeft + right_) / 2.0, bottom_ + 40.0, "middle", plot_.x.title);
    const double middle = (kTop + bottom_) / 2.0;
    add_text(18.0, middle, "middle", plot_.y.title,
             fmt::format(" transform=\"rotate(-90 18 {:.1f})\"", middle));
  }

  static const char* colour(std::size_t series) { return kColours[series % kColours.size()]; }

  /// Lines and error bars: in a picture of their own, which cuts off what lies outside of the axes.
  void add_lines() {
    add(R"(<svg x="{0:.1f}" y="{1:.1f}" width="{2:.1f}" height="{3:.1f}" viewBox="{0:.1f} {1:.1f} {2:.1f} {3:.1f}">)",
        kLeft, kTop, right_ - kLeft, bottom_ - kTop);
    for (std::size_t s = 0; s < plot_.series.size(); ++s) {
      const bool dashed = plot_.series[s].style == LineStyle::dashed;
      std::string bars;
      std::string line;
      for (const Point& point : points_of(plot_, plot_.series[s])) {
        const double x = x_.pixel(point.x);
        line += fmt::format("{}{:.1f} {:.1f}", line.empty() ? "M" : "L", x, y_.pixel(point.y));
        if (point.error <= 0.0) continue;
        const double low = counts(plot_.y, point.y - point.error) ? point.y - point.error : y_.lowest();
        bars += fmt::format("M{0:.1f} {1:.1f}V{2:.1f}M{3:.1f} {1:.1f}h6M{3:.1f} {2:.1f}h6", x, y_.pixel(low),
                            y_.pixel(point.y + point.error), x - 3.0);
      }
      if (line.empty()) continue;
      add(R"(<path d="{}" fill="none" stroke="{}" stroke-width="1.8"{}/>)", line, colour(s),
          dashed ? R"( stroke-dasharray="6 4")" : "");
      if (bars.empty()) continue;
      add(R"(<path d="{}" fill="none" stroke="{}"/>)", bars, colour(s));
    }
    add("</svg>");
  }

  void add_marker(std::size_t series, double x, double y) {
    const char* fill = colour(series);
    switch (series % kMarkers) {
      case 0:
        return add(R"(<circle cx="{:.1f}" cy="{:.1f}" r="3.6" fill="{}"/>)", x, y, fill);
      case 1:
        return add(R"(<rect x="{:.1f}" y="{:.1f}" width="6.6" height="6.6" fill="{}"/>)", x - 3.3, y - 3.3,
                   fill);
      case 2:
        return add(R"(<path d="M{:.1f} {:.1f}l4.2 7.2h-8.4z" fill="{}"/>)", x, y - 4.6, fill);
      default:
        return add(R"(<path d="M{:.1f} {:.1f}l4.4 4.4l-4.4 4.4l-4.4 -4.4z" fill="{}"/>)", x, y - 4.4, fill);
    }
  }

  void add_markers(std::size_t series) {
    if (plot_.series[series].style == LineStyle::dashed) return;
    for (const Point& point : points_of(plot_, plot_.series[series])) {
      if (x_.holds(point.x) && y_.holds(point.y)) add_marker(series, x_.pixel(point.x), y_.pixel(point.y));
    }
  }

  double legend_width() const {
    if (plot_.series.size() < 2) return kRight;
    std::size_t longest = 0;
    for (const PlotSeries& series : plot_.series) longest = std::max(longest, display_width(series.name));
    return kLegendLine + 30.0 + kCharacter * static_cast<double>(longest);
  }

  void add_legend() {
    const double x = right_ + 14.0;
    for (std::size_t s = 0; s < plot_.series.size(); ++s) {
      const double y = kTop + 10.0 + kLegendStep * static_cast<double>(s);
      const bool dashed = plot_.series[s].style == LineStyle::dashed;
      add(R"(<path d="M{:.1f} {:.1f}h{:.1f}" stroke="{}" stroke-width="1.8"{}/>)", x, y, kLegendLine,
          colour(s), dashed ? R"( stroke-dasharray="6 4")" : "");
      if (!dashed) add_marker(s, x + kLegendLine / 2.0, y);
      add_text(x + kLegendLine + 6.0, y + 4.0, "start", plot_.series[s].name);
    }
  }

  const LinePlot& plot_;
  double right_;
  double bottom_;
  Scale x_;
  Scale y_;
  std::string svg_;
};

}  // namespace

std::string render_svg(const LinePlot& plot) { return SvgPlot(plot).render(); }

std::string xml_escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace shallows
