#include "output/plot/svg_picture.hpp"

#include <gtest/gtest.h>

namespace shallows {
namespace {

// The test vectors of RFC 4648, section 10.
TEST(Base64, GivesTheTestVectorsOfItsStandard) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

TEST(Base64, TakesEveryByte) {
  EXPECT_EQ(base64(std::string("\xff\xfe\xfd", 3)), "//79");
  EXPECT_EQ(base64(std::string("\0\x80\xfb", 3)), "AID7");
}

TEST(SvgPicture, HoldsThePngAndAnEscapedTitle) {
  const Picture picture(3, 5, 3, 200);
  const std::string svg = render_svg(picture, "a < b");
  EXPECT_NE(svg.find("width=\"5\" height=\"3\""), std::string::npos);
  EXPECT_NE(svg.find("<title>a &lt; b</title>"), std::string::npos);
  EXPECT_NE(svg.find("href=\"data:image/png;base64," + base64(encode_png(picture)) + "\""),
            std::string::npos);
}

}  // namespace
}  // namespace shallows
