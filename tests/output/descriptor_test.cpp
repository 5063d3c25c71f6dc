#include "output/h5/descriptor.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

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

TEST(Descriptor, NamesTheReasonAndWhatToDo) {
  EXPECT_EQ(
      write_failure("run.h5", ENOSPC),
      "can't write run.h5 (No space left on device); free some space or write to another place with -o");
}

}  // namespace
}  // namespace shallows::h5
