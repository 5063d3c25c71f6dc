#include "output/h5/disk/background_writer.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "tests/output/file_size_limit.hpp"
#include "tests/output/temporary_directory.hpp"

namespace shallows::h5 {
namespace {

constexpr std::size_t kPiece = std::size_t{512} << 10;

class BackgroundWriterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    ASSERT_GE(fd_, 0);
    writer_ = BackgroundWriter::start(fd_);
    if (!writer_) GTEST_SKIP() << "no way past the page cache here";
  }
  void TearDown() override {
    writer_.reset();
    ::close(fd_);
  }

  void write(std::uint64_t offset, const std::string& text) {
    writer_->write(offset, std::as_bytes(std::span(text.data(), text.size())));
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_ / "a";
  int fd_ = -1;
  std::unique_ptr<BackgroundWriter> writer_;
};

TEST(BackgroundWriter, TakesLargePiecesOfWholePages) {
  EXPECT_TRUE(BackgroundWriter::takes(8192, kPiece));
  EXPECT_FALSE(BackgroundWriter::takes(8193, kPiece));
  EXPECT_FALSE(BackgroundWriter::takes(8192, kPiece + 512));
  EXPECT_FALSE(BackgroundWriter::takes(8192, 4096));
  EXPECT_FALSE(BackgroundWriter::takes(8192, kPiece * 100));
}

TEST_F(BackgroundWriterTest, WritesInTheOrderGivenAndMoreThanItBuffers) {
  std::string expected(60 * kPiece, '\0');
  for (std::size_t k = 0; k < 80; ++k) {
    const std::string piece(kPiece, static_cast<char>('!' + k));
    const std::size_t offset = k < 60 ? k * kPiece : (k - 60) * 2 * kPiece + 4096;
    write(offset, piece);
    expected.replace(offset, kPiece, piece);
  }
  writer_->wait();
  EXPECT_FALSE(writer_->pending(0, expected.size()));
  EXPECT_EQ(writer_->error(), 0);
  EXPECT_TRUE(read_bytes(path_) == expected);
}

TEST_F(BackgroundWriterTest, FinishesBeforeItIsGone) {
  for (std::size_t k = 0; k < 10; ++k) write(k * kPiece, std::string(kPiece, 'x'));
  writer_.reset();
  EXPECT_TRUE(read_bytes(path_) == std::string(10 * kPiece, 'x'));
}

TEST_F(BackgroundWriterTest, GivesBackWhatDidNotFit) {
  const FileSizeLimit limit(2 * kPiece + 1000);
  for (std::size_t k = 0; k < 40; ++k) write(k * kPiece, std::string(kPiece, static_cast<char>('!' + k)));
  writer_->wait();
  EXPECT_EQ(writer_->error(), EFBIG);
  std::string disk = read_bytes(path_);
  EXPECT_LE(disk.size(), 2 * kPiece + 1000);
  disk.resize(40 * kPiece, '?');
  for (const auto& lost : writer_->lost()) {
    const auto* text = reinterpret_cast<const char*>(lost.bytes.data());
    disk.replace(lost.offset, lost.bytes.size(), text, lost.bytes.size());
  }
  for (std::size_t k = 0; k < 40; ++k)
    EXPECT_TRUE(disk.substr(k * kPiece, kPiece) == std::string(kPiece, static_cast<char>('!' + k))) << k;
}

}  // namespace
}  // namespace shallows::h5
