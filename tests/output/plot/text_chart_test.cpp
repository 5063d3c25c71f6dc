#include "output/plot/text_chart.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <sstream>

namespace shallows {
namespace {

TEST(DotCanvas, SetsTheDotsOfBraille) {
  DotCanvas canvas(2, 1, Glyphs::unicode, '*');
  EXPECT_EQ(canvas.width(), 4u);
  EXPECT_EQ(canvas.height(), 4u);
  EXPECT_EQ(canvas.row(0), "  ");
  canvas.set(0, 0);
  canvas.set(1, 3);
  EXPECT_EQ(canvas.row(0), "⢁ ");
  for (std::size_t x = 2; x < 4; ++x) {
    for (std::size_t y = 0; y < 4; ++y) canvas.set(x, y);
  }
  EXPECT_EQ(canvas.row(0), "⢁⣿");
}

TEST(DotCanvas, IsPlainAsciiOnRequest) {
  DotCanvas canvas(3, 1, Glyphs::ascii, '|');
  canvas.set(1, 0);
  EXPECT_EQ(canvas.row(0), " | ");
}

TEST(DotOf, CoversTheRangeEvenlyAndClampsItsEnds) {
  EXPECT_EQ(dot_of(0.0, 0.0, 10.0, 5), 0u);
  EXPECT_EQ(dot_of(1.9, 0.0, 10.0, 5), 0u);
  EXPECT_EQ(dot_of(2.0, 0.0, 10.0, 5), 1u);
  EXPECT_EQ(dot_of(10.0, 0.0, 10.0, 5), 4u);
  EXPECT_EQ(dot_of(-3.0, 0.0, 10.0, 5), 0u);
}

TEST(Axis, PutsNumbersUnderTheirTicks) {
  const std::string axis = render_axis(0.0, 100.0, 3, 50, "ms", Glyphs::ascii);
  std::istringstream lines(axis);
  std::string ticks, numbers;
  std::getline(lines, ticks);
  std::getline(lines, numbers);
  EXPECT_EQ(ticks, "   ++---------+---------+---------+---------+--------+");
  EXPECT_EQ(numbers, "    0        20        40        60        80       100 ms");
}

TEST(Chart, ShowsRangeAndSkipsWhatIsNotFinite) {
  const std::vector<double> x = {0, 1, 2, 3};
  const std::vector<double> y = {10, std::numeric_limits<double>::quiet_NaN(), 50, 90};
  const std::string chart =
      render_chart(x, y, "accuracy", "epoch", {.width = 40, .rows = 5, .glyphs = Glyphs::ascii});
  EXPECT_TRUE(chart.starts_with("accuracy\n      90 |")) << chart;
  EXPECT_NE(chart.find("\n      10 |*"), std::string::npos) << chart;
  EXPECT_TRUE(chart.ends_with(" epoch\n")) << chart;
  std::istringstream lines(chart);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 47u) << line;
}

TEST(Chart, OfAConstantIsALineAndOfOnePointNothing) {
  const std::vector<double> x = {1, 2};
  EXPECT_NE(render_chart(x, std::vector<double>{5, 5}, "t", "x", {}), "");
  EXPECT_NE(render_chart(x, std::vector<double>{0, 0}, "t", "x", {}), "");
  EXPECT_EQ(render_chart(std::vector<double>{1}, std::vector<double>{5}, "t", "x", {}), "");
}

TEST(DisplayWidth, CountsCharactersNotBytes) { EXPECT_EQ(display_width("aθ⣿"), 3u); }

}  // namespace
}  // namespace shallows
