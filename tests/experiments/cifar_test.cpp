#include "experiments/data/cifar.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "experiments/data/dataset.hpp"
#include "tests/experiments/idx_files.hpp"

namespace shallows {
namespace {

using testing::Bytes;
using testing::contains;
using testing::error_of;
using testing::gzip;
using testing::TemporaryDirectory;

/// A batch whose pixel (channel, row, column) of image i is (i + 64 * channel + 2 * row + column) % 256.
Bytes batch(const Bytes& labels) {
  Bytes bytes;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    bytes.push_back(labels[i]);
    for (std::size_t channel = 0; channel < 3; ++channel) {
      for (std::size_t k = 0; k < 1024; ++k) {
        bytes.push_back(static_cast<std::uint8_t>(i + 64 * channel + 2 * (k / 32) + k % 32));
      }
    }
  }
  return bytes;
}

std::string refusal(const std::string& path, std::size_t images) {
  return error_of(ErrorKind::data, [&] { read_cifar10(std::vector<std::string>{path}, images); });
}

TEST(Cifar10, ReadsLabelsAndPlanesInTheOrderOfTheBatches) {
  const TemporaryDirectory directory;
  const std::vector<std::string> files = {directory.write("a", batch({3, 9})),
                                          directory.write("b.gz", gzip(batch({0, 1})))};
  const ImageSet set = read_cifar10(files, 2);
  EXPECT_EQ(set.shape(), (ImageShape{.height = 32, .width = 32, .channels = 3}));
  ASSERT_EQ(set.size(), 4U);
  EXPECT_EQ(Bytes(set.labels().begin(), set.labels().end()), (Bytes{3, 9, 0, 1}));
  for (std::size_t channel = 0; channel < 3; ++channel) {
    EXPECT_EQ(set.image(1).pixels[(channel * 32 + 5) * 32 + 7], 1 + 64 * channel + 10 + 7);
    EXPECT_EQ(set.image(2).pixels[(channel * 32 + 31) * 32 + 0], 64 * channel + 62);
  }
}

TEST(Cifar10, RefusesWrongSizesAndLabels) {
  const TemporaryDirectory directory;
  Bytes bytes = batch({1, 2});
  bytes.pop_back();
  EXPECT_TRUE(contains(refusal(directory.write("short", bytes), 2), "its size is wrong"));
  bytes = batch({1, 2});
  bytes.push_back(0);
  const std::string message = refusal(directory.write("long", bytes), 2);
  EXPECT_TRUE(contains(message, "1 bytes after 2 records"));
  EXPECT_TRUE(contains(message, "scripts/data.sh cifar10"));
  EXPECT_TRUE(contains(refusal(directory.write("labels", batch({1, 10})), 2), "image 1 has label 10"));
  EXPECT_TRUE(contains(refusal(directory.file("nowhere"), 2), "no such file"));
}

TEST(Cifar10, RefusesAnotherNumberOfRecordsThanABatchHas) {
  const TemporaryDirectory directory;
  for (const std::size_t found : {0U, 1U, 3U}) {
    const std::string path = directory.write("batch", batch(Bytes(found)));
    const std::string message = refusal(path, 2);
    EXPECT_TRUE(contains(message, path));
    EXPECT_TRUE(
        contains(message, "holds " + std::to_string(found) + " records, a batch of CIFAR-10 holds 2"));
  }
}

TEST(Cifar10, IsADataSetOfFiveBatchesAndOne) {
  const TemporaryDirectory directory;
  Bytes labels(kCifar10BatchImages);
  labels.back() = 9;
  Bytes bytes = batch(labels);
  const auto full = [&](std::uint8_t first) {
    bytes.front() = first;
    return gzip(bytes);
  };
  for (std::uint8_t k = 1; k <= 5; ++k) {
    directory.write("data_batch_" + std::to_string(k) + ".bin.gz", full(k));
  }
  DatasetConfig config;
  config.name = "cifar10";
  config.directory = directory.path();
  EXPECT_TRUE(contains(error_of(ErrorKind::data, [&] { load_dataset(config); }), "test_batch.bin"));
  const std::string small = directory.write("data_batch_1.bin", batch({4, 5}));
  const std::string message = error_of(ErrorKind::data, [&] { load_dataset(config); });
  EXPECT_TRUE(contains(message, small));
  EXPECT_TRUE(contains(message, "holds 2 records, a batch of CIFAR-10 holds 10000"));
  std::filesystem::remove(small);
  directory.write("test_batch.bin.gz", full(6));
  config.validation = kCifar10BatchImages;
  const Dataset dataset = load_dataset(config);
  EXPECT_EQ(dataset.name, "cifar10");
  EXPECT_EQ(dataset.classes, 10U);
  EXPECT_EQ(dataset.train.size(), 40'000U);
  EXPECT_EQ(dataset.validation.label(0), 5) << "the last batch is held out";
  EXPECT_EQ(dataset.test.label(0), 6);
  EXPECT_EQ(dataset.test.label(1), 0);
  double sum = 0.0;
  for (std::size_t i = 0; i < kCifar10BatchImages; ++i) sum += static_cast<double>((i + 64) % 256);
  EXPECT_NEAR(dataset.test.mean()[1024], sum / 10'000.0 / 255.0, 1e-6) << "of the training images";
}

}  // namespace
}  // namespace shallows
