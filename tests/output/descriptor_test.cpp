#include "output/h5/disk/descriptor.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <random>

#include "output/h5/disk/system_file.hpp"
#include "sim/core/error.hpp"
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

TEST(Descriptor, ReadsBackWhatItCouldNotWriteInTheBackground) {
  const TemporaryDirectory directory;
  Descriptor file = Descriptor::create(directory / "a");
  constexpr std::size_t piece = std::size_t{512} << 10;
  const FileSizeLimit limit(2 * piece + 1000);
  std::string expected;
  for (std::size_t k = 0; k < 30; ++k) {
    const std::string text(piece, static_cast<char>('!' + k));
    file.write(k * piece, bytes_of(text));
    expected += text;
  }
  file.write(3 * piece - 1, bytes_of("over two"));
  expected.replace(3 * piece - 1, 8, "over two");
  EXPECT_TRUE(read_text(file, 0, expected.size()) == expected);
  file.sync();
  EXPECT_EQ(file.error(), EFBIG);
  EXPECT_TRUE(read_text(file, 0, expected.size()) == expected);
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

std::vector<std::byte> stamp_bytes(std::uint64_t id, std::uint64_t settled) {
  std::vector<std::byte> bytes;
  for (const std::uint64_t value : {id, settled}) {
    for (int k = 0; k < 8; ++k) bytes.push_back(static_cast<std::byte>(value >> (8 * k)));
  }
  return bytes;
}

TEST(Descriptor, RestoresWithTheSnapshotOfItsLastOrNextSettlingOnly) {
  const TemporaryDirectory directory;
  const std::string path = directory / "a";
  std::vector<Snapshot> snapshots;
  std::vector<std::string> disks;  // beside each snapshot, before and after it settles
  {
    Descriptor file = Descriptor::create(path);
    file.write(0, bytes_of("start"));
    file.write(8, stamp_bytes(77, 0));
    file.set_stamp({.place = 8, .id = 77, .settled = 0});
    for (int k = 0; k < 4; ++k) {
      file.write(0, bytes_of("round" + std::to_string(k)));
      snapshots.push_back(file.snapshot());
      disks.push_back(read_bytes(path));
      file.settle();
      disks.push_back(read_bytes(path));
    }
  }
  for (std::size_t s = 0; s < snapshots.size(); ++s) {
    for (std::size_t d = 0; d < disks.size(); ++d) {
      // Settled s times, so before snapshot s settles; and until the next one does.
      const bool fits = d == 2 * s || d == 2 * s + 1 || d == 2 * s + 2 || (s > 0 && d == 2 * s - 1);
      write_bytes(path, disks[d]);
      const std::string text = message_of([&] { Descriptor::restore(path, snapshots[s]); });
      if (fits) {
        EXPECT_EQ(text, "");
        EXPECT_EQ(read_bytes(path).substr(0, 6), "round" + std::to_string(s));
        EXPECT_EQ(read_bytes(path), disks[2 * s + 1]);
      } else {
        EXPECT_NE(text.find("another checkpoint of this run"), std::string::npos) << s << ", " << d;
        EXPECT_EQ(read_bytes(path), disks[d]);
      }
    }
  }
  snapshots[3].stamp.id = 78;
  write_bytes(path, disks[7]);
  EXPECT_NE(message_of([&] { Descriptor::restore(path, snapshots[3]); }).find("another run"),
            std::string::npos);
  EXPECT_EQ(read_bytes(path), disks[7]);
}

/// A file under random writes that settles now and then, and what is on the disk in between: the file as it
/// was left there, and the snapshot that was stored last.
class CrashTest : public ::testing::TestWithParam<unsigned> {
 protected:
  std::uint64_t below(std::uint64_t limit) { return dice_() % limit; }

  void write_somewhere(Descriptor& file) {
    // Some are for the background writer.
    const std::uint64_t page = below(4) == 0 ? 4096 : 1;
    const std::uint64_t size = page > 1 ? (64 + below(64)) * page : 1 + below(below(3) == 0 ? 20000 : 50);
    const std::string text(size, char('a' + below(26)));
    const std::uint64_t end = (model_.size() + page - 1) / page;
    std::uint64_t offset = (below(2) == 0 ? end : below(end + 1)) * page;
    // Not over the stamp, which has its page with others.
    offset = std::max<std::uint64_t>(offset, page > 1 ? page : kStampEnd);
    file.write(offset, bytes_of(text));
    if (model_.size() < offset + text.size()) model_.resize(offset + text.size());
    model_.replace(offset, text.size(), text);
    const std::uint64_t from = below(model_.size());
    const std::size_t count = 1 + below(model_.size() - from);
    EXPECT_TRUE(read_text(file, from, count) == model_.substr(from, count));
  }

  /// The file as settling it for the n-th time leaves it.
  static std::string stamped(std::string file, std::uint64_t n) {
    const auto bytes = stamp_bytes(5, n);
    return file.replace(kStampEnd - bytes.size(), bytes.size(), reinterpret_cast<const char*>(bytes.data()),
                        bytes.size());
  }

  /// Some blocks of the disk as they were before, the others as after.
  std::string torn(const std::string& before, std::string after) {
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

  static constexpr std::size_t kStampEnd = 1016;  // in the second block of a page

  TemporaryDirectory directory_;
  std::mt19937 dice_{GetParam()};
  std::string model_;
  Snapshot stored_;
  std::string expected_;  // the file at stored_
};

TEST_P(CrashTest, RestoresTheStoredSnapshotWheneverItHappens) {
  Descriptor file = Descriptor::create(directory_ / "a");
  model_ = stamped(std::string(kStampEnd, '-'), 0);
  file.write(0, bytes_of(model_));
  file.set_stamp({.place = kStampEnd - 16, .id = 5, .settled = 0});
  std::uint64_t settled = 0;
  for (int round = 0; round < 8; ++round) {
    for (int k = 0; k < 6; ++k) write_somewhere(file);
    expect_restored(disk());
    const Snapshot snapshot = file.snapshot();
    expect_restored(disk());
    stored_ = snapshot;
    expected_ = model_ = stamped(model_, ++settled);
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
  expected_ = stamped(expected_, ++settled);
  model_ = stamped(model_, settled);
  expect_restored(before);
  file.settle();
  expect_restored(torn(before, disk()));
  EXPECT_TRUE(disk() == model_);
}

INSTANTIATE_TEST_SUITE_P(Seeds, CrashTest, ::testing::Range(0u, 8u));

TEST(Descriptor, NamesTheReasonAndWhatToDo) {
  EXPECT_EQ(write_failure("run.h5", ENOSPC),
            "can't write run.h5 (No space left on device); free some space or write to another place");
}

}  // namespace
}  // namespace shallows::h5
