#include "experiments/data/idx.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <limits>
#include <random>

#include "tests/experiments/idx_files.hpp"

namespace shallows {
namespace {

using testing::Bytes;
using testing::contains;
using testing::counting;
using testing::error_of;
using testing::gzip;
using testing::idx;
using testing::TemporaryDirectory;

std::string images_error(const std::string& path) {
  return error_of(ErrorKind::data, [&] { read_idx_images(path); });
}

std::string labels_error(const std::string& path) {
  return error_of(ErrorKind::data, [&] { read_idx_labels(path); });
}

/// The error of reading a file with these bytes; checks that it names the file.
std::string images_error(const TemporaryDirectory& directory, const Bytes& bytes) {
  const std::string path = directory.write("images", bytes);
  const std::string message = images_error(path);
  EXPECT_TRUE(contains(message, path));
  return message;
}

TEST(IdxReader, ReadsImagesOfAnySize) {
  const TemporaryDirectory directory;
  const Bytes pixels = counting(2 * 3 * 5);
  const IdxImages images = read_idx_images(directory.write("images", idx({2, 3, 5}, pixels)));
  EXPECT_EQ(images.count, 2U);
  EXPECT_EQ(images.shape, (ImageShape{.height = 3, .width = 5, .channels = 1}));
  EXPECT_EQ(images.pixels, pixels);
}

TEST(IdxReader, ReadsFourDimensionsAsChannels) {
  const TemporaryDirectory directory;
  const Bytes pixels = counting(2 * 3 * 4 * 5);
  const IdxImages images = read_idx_images(directory.write("images", idx({2, 3, 4, 5}, pixels)));
  EXPECT_EQ(images.shape, (ImageShape{.height = 4, .width = 5, .channels = 3}));
  EXPECT_EQ(images.pixels, pixels);
}

TEST(IdxReader, ReadsLabels) {
  const TemporaryDirectory directory;
  EXPECT_EQ(read_idx_labels(directory.write("labels", idx({4}, {3, 0, 255, 7}))), (Bytes{3, 0, 255, 7}));
}

TEST(IdxReader, TellsCompressedFilesByContentNotByName) {
  const TemporaryDirectory directory;
  const Bytes file = idx({100, 28, 28}, counting(100 * 28 * 28));
  EXPECT_EQ(read_idx_images(directory.write("named-plain", gzip(file))).pixels, counting(100 * 28 * 28));
  EXPECT_EQ(read_idx_images(directory.write("named-compressed.gz", file)).pixels, counting(100 * 28 * 28));
}

TEST(IdxReader, ReadsConcatenatedCompressedMembers) {
  const TemporaryDirectory directory;
  const Bytes file = idx({2, 200, 200}, counting(2 * 200 * 200));
  Bytes compressed = gzip(Bytes(file.begin(), file.begin() + 1000));
  const Bytes rest = gzip(Bytes(file.begin() + 1000, file.end()));
  compressed.insert(compressed.end(), rest.begin(), rest.end());
  EXPECT_EQ(read_idx_images(directory.write("images", compressed)).pixels, counting(2 * 200 * 200));
}

TEST(IdxReader, RefusesAMissingFile) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("nowhere");
  EXPECT_TRUE(contains(images_error(path), path));
  EXPECT_TRUE(contains(images_error(path), "no such file"));
}

TEST(IdxReader, RefusesADirectory) {
  const TemporaryDirectory directory;
  EXPECT_TRUE(contains(images_error(directory.path()), "directory"));
}

TEST(IdxReader, RefusesADevice) { EXPECT_TRUE(contains(images_error("/dev/zero"), "not a regular file")); }

TEST(IdxReader, RefusesAnEmptyFile) {
  const TemporaryDirectory directory;
  EXPECT_TRUE(contains(images_error(directory, {}), "empty"));
  EXPECT_TRUE(contains(images_error(directory, gzip({})), "empty"));
}

TEST(IdxReader, RefusesAWrongMagicNumber) {
  const TemporaryDirectory directory;
  EXPECT_TRUE(contains(images_error(directory, {'P', 'K', 3, 4, 0, 0, 0, 0}), "wrong magic number 504b0304"));
}

TEST(IdxReader, RefusesElementsThatAreNotUnsignedBytes) {
  const TemporaryDirectory directory;
  const std::string message = images_error(directory, idx({1, 2, 2}, counting(16), 0x0D));
  EXPECT_TRUE(contains(message, "type byte 0x0d"));
  EXPECT_TRUE(contains(message, "floats"));
}

TEST(IdxReader, RefusesLabelsAsImagesAndImagesAsLabels) {
  const TemporaryDirectory directory;
  EXPECT_TRUE(contains(images_error(directory, idx({2}, {0, 1})), "swapped"));
  EXPECT_TRUE(contains(labels_error(directory.write("labels", idx({1, 1, 1}, {0}))), "swapped"));
}

TEST(IdxReader, RefusesATruncatedFileAtEveryLength) {
  const TemporaryDirectory directory;
  const Bytes file = idx({2, 3, 3}, counting(18));
  for (std::size_t length = 1; length < file.size(); ++length) {
    const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_TRUE(contains(images_error(directory, cut), "truncated")) << length;
  }
}

TEST(IdxReader, RefusesACompressedFileTruncatedAtEveryLength) {
  const TemporaryDirectory directory;
  const Bytes file = gzip(idx({2, 3, 3}, counting(18)));
  for (std::size_t length = 2; length < file.size(); ++length) {
    const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_TRUE(contains(images_error(directory, cut), "truncated")) << length;
  }
}

TEST(IdxReader, RefusesAnOverLongFile) {
  const TemporaryDirectory directory;
  Bytes file = idx({2, 3, 3}, counting(18));
  file.push_back(0);
  EXPECT_TRUE(contains(images_error(directory, file), "over-long"));
  EXPECT_TRUE(contains(images_error(directory, gzip(file)), "over-long"));
}

TEST(IdxReader, RefusesForeignBytesAfterTheCompressedData) {
  const TemporaryDirectory directory;
  Bytes file = gzip(idx({2, 3, 3}, counting(18)));
  file.insert(file.end(), {'j', 'u', 'n', 'k'});
  EXPECT_TRUE(contains(images_error(directory, file), "damaged"));
}

TEST(IdxReader, RefusesAWrongCheckSum) {
  const TemporaryDirectory directory;
  Bytes file = gzip(idx({2, 3, 3}, counting(18)));
  file[file.size() - 8] ^= 1U;
  EXPECT_TRUE(contains(images_error(directory, file), "damaged"));
}

TEST(IdxReader, NeverReturnsWrongPixelsFromADamagedCompressedFile) {
  const TemporaryDirectory directory;
  const Bytes pixels = counting(20 * 28 * 28);
  const Bytes intact = gzip(idx({20, 28, 28}, pixels));
  std::mt19937 dice(1);
  for (int repetition = 0; repetition < 300; ++repetition) {
    Bytes file = intact;
    // Behind the ten bytes of the gzip header, some of which carry no information.
    file[10 + dice() % (file.size() - 10)] ^= static_cast<std::uint8_t>(1U << (dice() % 8));
    images_error(directory, file);
  }
}

TEST(IdxReader, RefusesFilesWithoutImages) {
  const TemporaryDirectory directory;
  EXPECT_TRUE(contains(images_error(directory, idx({0, 28, 28}, {})), "no images"));
  EXPECT_TRUE(contains(labels_error(directory.write("labels", idx({0}, {}))), "no labels"));
}

TEST(IdxReader, RefusesAbsurdDimensions) {
  const TemporaryDirectory directory;
  constexpr std::uint32_t kHuge = std::numeric_limits<std::uint32_t>::max();
  EXPECT_TRUE(contains(images_error(directory, idx({1, 0, 28}, {})), "absurd"));
  EXPECT_TRUE(contains(images_error(directory, idx({1, 4097, 1}, counting(4097))), "absurd"));
  EXPECT_TRUE(contains(images_error(directory, idx({1, 1, 4097, 1}, counting(4097))), "absurd"));
  EXPECT_TRUE(contains(images_error(directory, idx({kHuge, 4096, 4096}, {})), "4 GiB"));
  EXPECT_TRUE(contains(images_error(directory, idx({1U << 31U, 4096, 4096, 4096}, {})), "4 GiB"));
}

TEST(IdxReader, TakesNoMemoryForWhatAHeaderMerelyClaims) {
  const TemporaryDirectory directory;
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  const Bytes liar = idx({255, 4096, 4096}, counting(100));
  EXPECT_TRUE(contains(images_error(directory, liar), "truncated"));
  EXPECT_TRUE(contains(images_error(directory, gzip(liar)), "truncated"));
  rusage after{};
  getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 64 * 1024) << "KiB";
}

TEST(IdxReader, RefusesImagesAndLabelsOfDifferentCounts) {
  const TemporaryDirectory directory;
  const std::string images = directory.write("images", idx({2, 2, 2}, counting(8)));
  const std::string labels = directory.write("labels", idx({3}, {0, 1, 2}));
  const std::string message = error_of(ErrorKind::data, [&] { read_idx_set(images, labels); });
  EXPECT_TRUE(contains(message, images));
  EXPECT_TRUE(contains(message, labels));
  EXPECT_TRUE(contains(message, "2 images, 3 labels"));
}

}  // namespace
}  // namespace shallows
