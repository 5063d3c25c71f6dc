#include "output/h5/descriptor.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <random>

#include "sim/error.hpp"
#include "tests/output/file_size_limit.hpp"
#include "tests/output/temporary_directory.hpp"

namespace shallows::h5 {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string read_text(Descriptor& file, std::uint64_t offset, std::size_t size) {
  std::string text(size, '?');
  EXPECT_TRUE(file.read(offset, std::as_writable_bytes(std::span(text.data(), size))));
  return text;
}

TEST(Descriptor, ReadsWhatWasWrittenAndZerosPastTheEnd) {
  const TemporaryDirectory directory;
  Descriptor file = Descriptor::create(directory / "a");
  file.write(3, bytes_of("abc"));
  EXPECT_EQ(file.size(), 6u);
  EXPECT_EQ(read_text(file, 2, 6), std::string("\0abc\0\0", 6));
  EXPECT_EQ(file.error(), 0);
}

TEST(Descriptor, ReachesBeyondFourGibibytes) {
  const TemporaryDirectory directory;
  const std::uint64_t far = (std::uint64_t{1} << 32) + 17;
  Descriptor file = Descriptor::create(directory / "a");
  file.write(far, bytes_of("far"));
  file.write(17, bytes_of("near"));
  EXPECT_EQ(file.size(), far + 3);
  EXPECT_EQ(read_text(file, far, 3), "far");
  EXPECT_EQ(read_text(file, 17, 4), "near");
}

TEST(Descriptor, KeepsTheFirstErrorAndReadsBackWhatItCouldNotWrite) {
  const TemporaryDirectory directory;
  Descriptor file = Descriptor::create(directory / "a");
  const FileSizeLimit limit(8);
  file.write(0, bytes_of("0123456789abcdef"));
  EXPECT_EQ(file.error(), EFBIG);
  file.write(12, bytes_of("XY"));
  EXPECT_EQ(read_text(file, 0, 18), std::string("0123456789abXYef\0\0", 18));
  file.truncate(4);
  file.sync();
  EXPECT_EQ(file.error(), EFBIG);
}

TEST(Descriptor, RefusesAFileThatIsBeingWritten) {
  const TemporaryDirectory directory;
  const Descriptor first = Descriptor::create(directory / "a");
  EXPECT_NE(message_of([&] { Descriptor::create(directory / "a"); }).find("another process is writing it"),
            std::string::npos);
}

TEST(Descriptor, ASettledPartChangesOnTheDiskOnlyWhenItIsSettledAnew) {
  const TemporaryDirectory directory;
  Descriptor file = Descriptor::create(directory / "a");
  file.write(0, bytes_of("settled"));
  file.settle();
  file.write(4, bytes_of("LED and on"));
  EXPECT_EQ(read_text(file, 0, 14), "settLED and on");
  EXPECT_EQ(read_bytes(directory / "a"), "settled and on");
  file.truncate(3);
  EXPECT_EQ(file.size(), 7u);
  EXPECT_EQ(read_bytes(directory / "a"), "settled");
  file.settle();
  EXPECT_EQ(read_bytes(directory / "a"), "settLED");
  file.write(0, bytes_of("forgotten"));
  file.revert();
  EXPECT_EQ(read_text(file, 0, 9), std::string("settLED\0\0", 9));
  EXPECT_EQ(read_bytes(directory / "a"), "settLED");
}

TEST(Descriptor, RevertFreesWhatAFullDiskTook) {
  const TemporaryDirectory directory;
  Descriptor file = Descriptor::create(directory / "a");
  file.write(0, bytes_of("settled"));
  file.settle();
  const FileSizeLimit limit(9);
  file.write(5, bytes_of("ED and more"));
  EXPECT_EQ(file.error(), EFBIG);
  file.revert();
  EXPECT_EQ(file.error(), 0);
  EXPECT_EQ(read_bytes(directory / "a"), "settled");
}

TEST(Descriptor, RefusesToRestoreAFileThatLacksItsEnd) {
  const TemporaryDirectory directory;
  write_bytes(directory / "a", "short");
  const Snapshot snapshot{.size = 6};
  EXPECT_NE(message_of([&] { Descriptor::restore(directory / "a", snapshot); }).find("shorter than it was"),
            std::string::npos);
  EXPECT_EQ(read_bytes(directory / "a"), "short");
}

/// A file under random writes that settles now and then, and what is on the disk in between: the file as it
/// was left there, and the snapshot that was stored last.
class CrashTest : public ::testing::TestWithParam<unsigned> {
 protected:
  std::uint64_t below(std::uint64_t limit) { return dice_() % limit; }

  void write_somewhere(Descriptor& file) {
    std::string text(1 + below(below(3) == 0 ? 20000 : 50), char('a' + below(26)));
    const std::uint64_t offset = below(2) == 0 ? model_.size() : below(model_.size() + 1);
    file.write(offset, bytes_of(text));
    if (model_.size() < offset + text.size()) model_.resize(offset + text.size());
    model_.replace(offset, text.size(), text);
  }

  /// Some blocks of the disk as they were before, the others as after.
  std::string torn(const std::string& before, std::string after) {
    if (below(2) == 0 && before.size() > after.size()) after += before.substr(after.size());
    constexpr std::size_t block = 512;
    for (std::size_t i = 0; i < std::min(before.size(), after.size()); i += block) {
      if (below(2) != 0) continue;
      const std::size_t size = std::min({block, before.size() - i, after.size() - i});
      after.replace(i, size, before, i, size);
    }
    return after;
  }

  void expect_restored(const std::string& disk) {
    write_bytes(directory_ / "crashed", disk);
    Descriptor restored = Descriptor::restore(directory_ / "crashed", stored_);
    ASSERT_EQ(restored.size(), expected_.size());
    EXPECT_TRUE(read_bytes(directory_ / "crashed") == expected_);
  }

  std::string disk() const { return read_bytes(directory_ / "a"); }

  TemporaryDirectory directory_;
  std::mt19937 dice_{GetParam()};
  std::string model_;
  Snapshot stored_;
  std::string expected_;  // the file at stored_
};

TEST_P(CrashTest, RestoresTheStoredSnapshotWheneverItHappens) {
  Descriptor file = Descriptor::create(directory_ / "a");
  for (int round = 0; round < 8; ++round) {
    for (int k = 0; k < 6; ++k) write_somewhere(file);
    expect_restored(disk());
    const Snapshot snapshot = file.snapshot();
    expect_restored(disk());
    stored_ = snapshot;
    expected_ = model_;
    const std::string before = disk();
    expect_restored(before);
    file.settle();
    expect_restored(torn(before, disk()));
    EXPECT_TRUE(disk() == model_);
  }
  for (int k = 0; k < 6; ++k) write_somewhere(file);
  file.sync();
  const std::string before = disk();
  stored_ = file.settled_snapshot();
  expect_restored(before);
  file.settle();
  expect_restored(torn(before, disk()));
  EXPECT_TRUE(disk() == model_);
}

INSTANTIATE_TEST_SUITE_P(Seeds, CrashTest, ::testing::Range(0u, 12u));

TEST(Descriptor, NamesTheReasonAndWhatToDo) {
  EXPECT_EQ(
      write_failure("run.h5", ENOSPC),
      "can't write run.h5 (No space left on device); free some space or write to another place with -o");
}

}  // namespace
}  // namespace shallows::h5
