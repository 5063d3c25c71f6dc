// Line charts with error bars as SVG text, for a browser or a paper.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace shallows {

struct SvgSeries {
  std::string name;
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> deviation;  ///< half the length of the error bars; empty: none
};

enum class SvgScale { linear, logarithmic };

struct SvgChartStyle {
  std::string title;
  std::string x_label;
  std::string y_label;
  SvgScale x_scale = SvgScale::linear;  ///< logarithmic: every x above 0
};

/// Points joined by lines, with axes and a legend. At least one point in all.
std::string render_svg(std::span<const SvgSeries> series, const SvgChartStyle& style);

}  // namespace shallows
