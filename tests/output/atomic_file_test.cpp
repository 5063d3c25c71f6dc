#include "output/file/atomic_file.hpp"

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <memory>

#include "output/record/run_file.hpp"
#include "output/record/spike_recorder.hpp"
#include "sim/core/error.hpp"
#include "tests/output/file_size_limit.hpp"
#include "tests/output/temporary_directory.hpp"

namespace shallows {
namespace {

namespace fs = std::filesystem;

class AtomicFileTest : public ::testing::Test {
 protected:
  std::string name() const { return directory_ / "run.h5"; }
  std::string part() const { return directory_ / "run.h5.part"; }

  void write_good_file() const {
    AtomicFile good(name());
    good.file().write("x", std::vector<float>{1.0f});
    good.commit();
  }

  TemporaryDirectory directory_;
};

TEST_F(AtomicFileTest, TakesItsNameOnCommitOnly) {
  AtomicFile file(name());
  file.file().write("x", std::vector<float>{2.0f});
  EXPECT_FALSE(fs::exists(name()));
  EXPECT_TRUE(fs::exists(part()));
  file.commit();
  EXPECT_FALSE(fs::exists(part()));
  EXPECT_EQ(h5::File::open(name()).read<float>("x"), std::vector<float>{2.0f});
}

TEST_F(AtomicFileTest, ReplacesTheOldFileOnCommit) {
  write_good_file();
  AtomicFile file(name());
  file.file().write("x", std::vector<float>{3.0f});
  EXPECT_EQ(h5::File::open(name()).read<float>("x"), std::vector<float>{1.0f});
  file.commit();
  EXPECT_EQ(h5::File::open(name()).read<float>("x"), std::vector<float>{3.0f});
}

TEST_F(AtomicFileTest, GivenUpItLeavesNothingAndTheOldFileAsItWas) {
  write_good_file();
  const std::string before = read_bytes(name());
  { AtomicFile(name()).file().write("x", std::vector<float>{3.0f}); }
  EXPECT_FALSE(fs::exists(part()));
  EXPECT_EQ(read_bytes(name()), before);
}

TEST_F(AtomicFileTest, OverwritesThePartOfAKilledProgramButNotOfARunningOne) {
  write_bytes(part(), "left behind");
  AtomicFile running(name());
  EXPECT_NE(message_of([&] { AtomicFile second(name()); }).find("another process is writing it"),
            std::string::npos);
  EXPECT_TRUE(fs::exists(part()));
  running.commit();
  EXPECT_TRUE(fs::exists(name()));
}

TEST_F(AtomicFileTest, RefusesNamesThatCannotBeFilesAndSaysWhatToDo) {
  fs::create_directory(name());
  EXPECT_NE(message_of([&] { AtomicFile file(name()); }).find("it is a directory"), std::string::npos);
  EXPECT_TRUE(fs::is_directory(name()));
  EXPECT_NE(
      message_of([&] { AtomicFile file(directory_ / "no/such/run.h5"); }).find("create the directory first"),
      std::string::npos);
  EXPECT_NE(message_of([] { AtomicFile file("/dev/null"); }).find("not a regular file"), std::string::npos);
  EXPECT_NE(message_of([] { AtomicFile file("/proc/run.h5"); }).find("can't write /proc/run.h5.part"),
            std::string::npos);
  EXPECT_NE(message_of([] { AtomicFile file(""); }), "");
}

TEST_F(AtomicFileTest, ADirectoryThatTookTheNameMeanwhileIsAnErrorAtCommit) {
  AtomicFile file(name());
  fs::create_directory(name());
  EXPECT_NE(message_of([&] { file.commit(); }).find("can't write " + name()), std::string::npos);
}

/// A run with all that we write, about 200 kB.
void write_run(const std::string& name) {
  RunWriter writer(name, FileKind::run);
  writer.write_provenance({.config = std::string(20000, '#')});
  std::vector<float> weights(20000);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<float>(i);
  writer.write_array("weights/readout/final", weights, {10, 2000});
  SpikeRecorder recorder(writer.file(), {{"input", 784}, {"readout", 10}}, 10);
  SpikeTrain train;
  for (NeuronId i = 0; i < 20000; ++i) train.append(0.001 * i + 1e-7 * (i % 1013), i % 784);
  const SpikeTrain* trains[] = {&train, nullptr};
  for (int k = 0; k < 3; ++k) {
    recorder.trial({.start_ms = 20.0 * k, .stop_ms = 20.0 * (k + 1), .scores = std::vector<float>(10)},
                   trains);
    recorder.flush();
  }
  recorder.finish();
  writer.append_metric("accuracy", 97.0);
  writer.commit();
}

TEST_F(AtomicFileTest, AWriteThatFailsAnywhereIsAnErrorAndLeavesTheOldFile) {
  write_run(name());
  const std::string before = read_bytes(name());
  ASSERT_GT(before.size(), 150000u);
  ::testing::internal::CaptureStderr();
  for (std::size_t bytes = 0; bytes < before.size(); bytes += 2039) {
    std::string text;
    {
      const FileSizeLimit limit(bytes);
      text = message_of([&] { write_run(name()); });
    }
    EXPECT_NE(text.find("File too large"), std::string::npos) << bytes << ": " << text;
    EXPECT_FALSE(fs::exists(part())) << bytes;
    ASSERT_EQ(read_bytes(name()), before) << bytes;
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  write_run(name());
  EXPECT_EQ(read_bytes(name()), before);
}

TEST_F(AtomicFileTest, AProgramWhoseWriteFailedExitsInPeace) {
  EXPECT_EXIT(
      {
        const FileSizeLimit limit(50000);
        static std::unique_ptr<AtomicFile> never_destroyed_in_time;
        never_destroyed_in_time = std::make_unique<AtomicFile>(name());
        const bool failed = !message_of([&] { write_run(directory_ / "other.h5"); }).empty();
        std::exit(failed ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "^$");
}

TEST_F(AtomicFileTest, AFullDiskIsAnErrorThatSaysSo) {
  const std::string disk = directory_ / "disk";
  fs::create_directory(disk);
  if (mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=128k") != 0) {
    GTEST_SKIP() << "can't mount a small tmpfs (" << std::strerror(errno) << "); needs root";
  }
  const auto begin = std::chrono::steady_clock::now();
  {
    AtomicFile good(disk + "/run.h5");
    good.file().write("x", std::vector<float>{1.0f});
    good.commit();
  }
  ::testing::internal::CaptureStderr();
  const std::string text = message_of([&] { write_run(disk + "/run.h5"); });
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_NE(text.find("No space left on device"), std::string::npos) << text;
  EXPECT_NE(text.find("free some space"), std::string::npos) << text;
  EXPECT_FALSE(fs::exists(disk + "/run.h5.part"));
  EXPECT_EQ(h5::File::open(disk + "/run.h5").read<float>("x"), std::vector<float>{1.0f});
  {
    AtomicFile next(disk + "/run.h5");
    next.file().write("x", std::vector<float>{2.0f});
    next.commit();
  }
  EXPECT_EQ(h5::File::open(disk + "/run.h5").read<float>("x"), std::vector<float>{2.0f});
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  EXPECT_EQ(umount(disk.c_str()), 0) << std::strerror(errno);
}

}  // namespace
}  // namespace shallows
