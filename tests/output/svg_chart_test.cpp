#include "output/svg_chart.hpp"

#include <gtest/gtest.h>

#include <regex>

namespace shallows {
namespace {

std::vector<std::pair<double, double>> circles(const std::string& svg) {
  const std::regex mark("<circle cx=\"([-0-9.]+)\" cy=\"([-0-9.]+)\"");
  std::vector<std::pair<double, double>> found;
  for (std::sregex_iterator it(svg.begin(), svg.end(), mark), end; it != end; ++it)
    found.emplace_back(std::stod((*it)[1]), std::stod((*it)[2]));
  return found;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(SvgChart, PlacesPointsByTheirValues) {
  const std::vector<SvgSeries> series = {{"a", {0, 5, 10}, {10, 20, 30}, {}}};
  const auto marks = circles(render_svg(series, {.title = "t", .x_label = "x", .y_label = "y"}));
  ASSERT_EQ(marks.size(), 3U);
  EXPECT_NEAR(marks[1].first, (marks[0].first + marks[2].first) / 2, 0.11);
  EXPECT_NEAR(marks[1].second, (marks[0].second + marks[2].second) / 2, 0.11);
  EXPECT_LT(marks[2].second, marks[0].second) << "larger values are higher up";
}

TEST(SvgChart, SpacesDecadesEquallyOnALogarithmicScale) {
  const std::vector<SvgSeries> series = {{"a", {10, 100, 1000}, {1, 1, 1}, {}}};
  const auto marks = circles(
      render_svg(series, {.title = "", .x_label = "", .y_label = "", .x_scale = SvgScale::logarithmic}));
  EXPECT_NEAR(marks[1].first - marks[0].first, marks[2].first - marks[1].first, 0.11);
}

TEST(SvgChart, DrawsErrorBarsLegendAndEscapedText) {
  const std::vector<SvgSeries> series = {{"a < b", {1, 2}, {1, 2}, {0.5, 0.5}},
                                         {"c & d", {1, 2}, {2, 3}, {}}};
  const std::string svg = render_svg(series, {.title = "t", .x_label = "x", .y_label = "y"});
  EXPECT_EQ(count(svg, "a &lt; b"), 1U);
  EXPECT_EQ(count(svg, "c &amp; d"), 1U);
  EXPECT_EQ(count(svg, "<polyline"), 2U);
  const std::vector<SvgSeries> bare = {{"a < b", {1, 2}, {1, 2}, {}}, series[1]};
  const std::string without = render_svg(bare, {.title = "t", .x_label = "x", .y_label = "y"});
  EXPECT_GE(count(svg, "<line"), count(without, "<line") + 6 - 2) << "three lines for each of two bars";
}

TEST(SvgChart, DrawsASinglePoint) {
  const std::vector<SvgSeries> series = {{"a", {7}, {50}, {0}}};
  const std::string svg = render_svg(series, {.title = "", .x_label = "", .y_label = ""});
  EXPECT_EQ(circles(svg).size(), 1U);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
}

}  // namespace
}  // namespace shallows
