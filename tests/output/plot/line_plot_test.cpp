#include "output/plot/line_plot.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>
#include <limits>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "output/file/text_file.hpp"
#include "output/plot/ticks.hpp"
#include "sim/core/error.hpp"
#include "tests/output/temporary_directory.hpp"

namespace shallows {
namespace {

std::size_t count(const std::string& text, const std::string& piece) {
  std::size_t found = 0;
  for (std::size_t at = text.find(piece); at != std::string::npos; at = text.find(piece, at + 1)) ++found;
  return found;
}

LinePlot accuracy_plot() {
  return {.title = "Accuracy",
          .x = {.title = "hidden neurons", .scale = AxisScale::logarithmic},
          .y = {.title = "test accuracy (%)", .low = 0.0, .high = 100.0},
          .series = {{.name = "l-rg", .x = {10, 100, 1000}, .y = {40, 80, 95}, .y_error = {2, 1, 0.5}},
                     {.name = "rp", .x = {10, 100, 1000}, .y = {30, 70, 90}}}};
}

TEST(Ticks, AreRoundNumbersInsideTheRange) {
  EXPECT_EQ(linear_ticks(0.0, 100.0, 5.0), (std::vector<double>{0, 20, 40, 60, 80, 100}));
  EXPECT_EQ(linear_ticks(-1.1, 1.1, 4.0), (std::vector<double>{-1, 0, 1}));
  EXPECT_EQ(logarithmic_ticks(10.0, 10000.0, 10.0), (std::vector<double>{10, 100, 1000, 10000}));
  EXPECT_EQ(logarithmic_ticks(3.0, 30.0, 10.0), (std::vector<double>{5, 10, 20}));
  EXPECT_EQ(logarithmic_ticks(1.0, 1e8, 5.0).size(), 5u);
}

TEST(Ticks, HaveShortLabels) {
  EXPECT_EQ(tick_label(0.0), "0");
  EXPECT_EQ(tick_label(0.05), "0.05");
  EXPECT_EQ(tick_label(10000.0), "10000");
  EXPECT_EQ(tick_label(1e6), "1e6");
  EXPECT_EQ(tick_label(-2.5e-7), "-2.5e-7");
}

TEST(LinePlot, PutsPointsWhereTheAxesSay) {
  LinePlot plot = accuracy_plot();
  plot.x = {.title = "x", .low = 0.0, .high = 4.0};
  plot.series = {{.name = "a", .x = {1, 2}, .y = {0, 100}}};
  const std::string svg = render_svg(plot);
  // The drawing lies between x = 72 and 696 and between y = 40 and 384 pixels.
  EXPECT_NE(svg.find(R"(<path d="M228.0 384.0L384.0 40.0" fill="none")"), std::string::npos) << svg;
  EXPECT_NE(svg.find(R"(<circle cx="228.0" cy="384.0")"), std::string::npos) << svg;
}

TEST(LinePlot, SpacesDecadesEvenly) {
  LinePlot plot = accuracy_plot();
  plot.x.low = 10.0;
  plot.x.high = 1000.0;
  const std::string svg = render_svg(plot);
  const std::regex line(R"(d="M([\d.]+) [\d.]+L([\d.]+) [\d.]+L([\d.]+) )");
  std::smatch xs;
  ASSERT_TRUE(std::regex_search(svg, xs, line)) << svg;
  EXPECT_NEAR(std::stod(xs[2]) - std::stod(xs[1]), std::stod(xs[3]) - std::stod(xs[2]), 0.11);
}

TEST(LinePlot, HasAMarkerForEachPointAndALegendForSeveralSeries) {
  const std::string svg = render_svg(accuracy_plot());
  EXPECT_EQ(count(svg, "<circle"), 3u + 1u);
  EXPECT_EQ(count(svg, "width=\"6.6\""), 3u + 1u);
  EXPECT_EQ(count(svg, ">l-rg</text>"), 1u);
  EXPECT_EQ(count(svg, "h6"), 2u * 3u);  // ends of the error bars
  LinePlot single = accuracy_plot();
  single.series.resize(1);
  EXPECT_EQ(count(render_svg(single), ">l-rg</text>"), 0u);
}

TEST(LinePlot, DrawsDashedSeriesWithoutMarkers) {
  LinePlot plot = accuracy_plot();
  plot.series[1].style = LineStyle::dashed;
  const std::string svg = render_svg(plot);
  EXPECT_EQ(count(svg, "stroke-dasharray"), 2u);
  EXPECT_EQ(count(svg, "width=\"6.6\""), 0u);
}

TEST(LinePlot, LeavesOutWhatHasNoPlaceOnItsAxes) {
  LinePlot plot = accuracy_plot();
  plot.series[0].x[1] = 0.0;  // not on a logarithmic axis
  plot.series[1].y[2] = std::numeric_limits<double>::quiet_NaN();
  const std::string svg = render_svg(plot);
  EXPECT_EQ(count(svg, "<circle"), 2u + 1u);
  EXPECT_EQ(count(svg, "width=\"6.6\""), 2u + 1u);
  EXPECT_EQ(count(svg, "nan"), 0u);
  EXPECT_EQ(count(svg, "inf"), 0u);
}

TEST(LinePlot, OfNothingOrOnePointIsStillADrawing) {
  LinePlot plot = accuracy_plot();
  plot.y = {.title = "y"};
  plot.series = {{.name = "a", .x = {100}, .y = {0}}};
  EXPECT_EQ(count(render_svg(plot), "<circle"), 1u);
  plot.series.clear();
  EXPECT_EQ(count(render_svg(plot), "nan"), 0u);
  EXPECT_EQ(count(render_svg(plot), "</svg>"), 2u);
}

TEST(LinePlot, EscapesText) {
  LinePlot plot = accuracy_plot();
  plot.title = "a < b & \"c\"";
  const std::string svg = render_svg(plot);
  EXPECT_NE(svg.find("<title>a &lt; b &amp; &quot;c&quot;</title>"), std::string::npos) << svg;
}

TEST(TextFile, IsThereWholeOrNotAtAll) {
  const TemporaryDirectory directory;
  const std::string name = directory / "plot.svg";
  write_text_file(name, "first");
  write_text_file(name, "second");
  EXPECT_EQ(read_bytes(name), "second");
  const std::filesystem::directory_iterator files(std::filesystem::path(name).parent_path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1) << "something else is left";
  EXPECT_THROW(write_text_file(directory / "nowhere/plot.svg", "x"), Error);
}

TEST(TextFile, CanBeWrittenBySeveralAtOnce) {
  const TemporaryDirectory directory;
  const std::string name = directory / "table.csv";
  std::vector<std::thread> writers;
  for (int w = 0; w < 4; ++w) {
    writers.emplace_back([&name] {
      for (int i = 0; i < 200; ++i) EXPECT_NO_THROW(write_text_file(name, "row"));
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(read_bytes(name), "row");
}

}  // namespace
}  // namespace shallows
