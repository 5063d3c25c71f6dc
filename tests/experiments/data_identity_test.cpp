#include "experiments/data/data_identity.hpp"

#include <gtest/gtest.h>

#include "experiments/data/sha256.hpp"
#include "sim/core/error.hpp"

namespace shallows {
namespace {

ImageSet two_images(std::uint8_t first_pixel = 1) {
  return {{.height = 1, .width = 2, .channels = 1}, {first_pixel, 2, 3, 4}, {7, 9}};
}

TEST(Sha256, GivesTheDigestsOfTheStandard) {
  // FIPS 180-4, the examples of NIST: the empty message and "abc".
  EXPECT_EQ(Sha256().hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Sha256 sha;
  const std::string text = "abc";
  sha.add(std::as_bytes(std::span(text).first(1)));
  sha.add(std::as_bytes(std::span(text).subspan(1)));
  EXPECT_EQ(sha.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(DataIdentity, IsOfShapePixelsAndLabels) {
  // python3 -c "import hashlib, struct;
  //   print(hashlib.sha256(struct.pack('<IIII', 1, 2, 1, 2) + bytes([1, 2, 3, 4, 7, 9])).hexdigest())"
  EXPECT_EQ(identity_of(two_images()).sha256,
            "2aca9e27ccab56aded1d495da981373f3a196eb4f958ec35e9bae9c3652c6177");
  EXPECT_EQ(identity_of(two_images()).images, 2U);
  EXPECT_NE(identity_of(two_images()), identity_of(two_images(5)));
  EXPECT_EQ(identity_of(ImageSet()), ImagesIdentity{});
}

TEST(DataIdentity, TellsWhetherHeldOutImagesWereLearned) {
  const ImagesIdentity files{.sha256 = "a", .images = 100};
  const LearnedImages learned{.files = files, .first = 80, .classes = ""};
  EXPECT_FALSE(has_learned_held_out(learned, files, 20, ""));
  EXPECT_TRUE(has_learned_held_out(learned, files, 21, ""));
  EXPECT_FALSE(has_learned_held_out(learned, {.sha256 = "b", .images = 100}, 50, ""));
  const LearnedImages some{.files = files, .first = 100, .classes = "1, 2"};
  EXPECT_TRUE(has_learned_held_out(some, files, 10, "2,3"));
  EXPECT_FALSE(has_learned_held_out(some, files, 10, "3"));
  EXPECT_TRUE(has_learned_held_out(some, files, 10, ""));
}

TEST(DataIdentity, TellsWhetherTestImagesWereLearned) {
  const ImagesIdentity files{.sha256 = "a", .images = 100};
  EXPECT_TRUE(has_learned_test({.files = files, .first = 10, .classes = ""}, files, "4"));
  EXPECT_FALSE(has_learned_test({.files = files, .first = 10, .classes = "1"}, files, "4"));
  EXPECT_FALSE(has_learned_test({}, {}, "")) << "no test images";
}

TEST(DataIdentity, IsReadBackFromItsText) {
  const std::vector<LearnedImages> learned = {
      {.files = {.sha256 = "a", .images = 3}, .first = 2, .classes = "0,1"}};
  EXPECT_EQ(learned_from_text(to_text(learned)), learned);
  for (const char* broken : {"", "[1]", "[{\"sha256\": 3}]"})
    EXPECT_THROW(learned_from_text(broken), Error) << broken;
}

}  // namespace
}  // namespace shallows
