// Line plots as SVG: linear or logarithmic axes with ticks, several series with error bars, a legend.
//
// The text of a plot depends on its values only, so equal results give equal files. Colours are those of
// Okabe and Ito (2008), which the colour-blind can tell apart; markers differ too.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace shallows {

enum class AxisScale { linear, logarithmic };

struct PlotAxis {
  std::string title;
  AxisScale scale = AxisScale::linear;
  /// Ends of the axis; those of the data where not given. Above 0 on a logarithmic axis.
  std::optional<double> low = {};
  std::optional<double> high = {};
};

enum class LineStyle {
  solid,   ///< a line with a marker at each point
  dashed,  ///< a line without markers, e.g. a limit or somebody else's figure
};

/// Points that are not finite, or not above 0 on a logarithmic axis, are left out.
struct PlotSeries {
  std::string name;
  std::vector<double> x;
  std::vector<double> y;             ///< as many
  std::vector<double> y_error = {};  ///< half the length of the error bars; as many, or none
  LineStyle style = LineStyle::solid;
};

struct LinePlot {
  std::string title;
  PlotAxis x;
  PlotAxis y;
  std::vector<PlotSeries> series;  ///< in the order of the legend, which is left out if there is just one
  double width = 720.0;            ///< pixels
  double height = 440.0;
};

/// The plot as a document. Text may hold any characters; it is escaped.
std::string render_svg(const LinePlot& plot);

/// Text as it may stand in XML.
std::string xml_escaped(const std::string& text);

}  // namespace shallows
