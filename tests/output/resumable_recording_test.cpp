#include "output/record/resumable_recording.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "output/record/descriptions.hpp"
#include "sim/core/error.hpp"
#include "tests/output/file_size_limit.hpp"
#include "tests/output/temporary_directory.hpp"

namespace shallows {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kChunk = 65536;  // spikes that are stored together

/// Everything in a file: "path@name" of each attribute and "path" of each dataset, with their values.
using Contents = std::map<std::string, std::string>;

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

void collect(const h5::File& file, const std::string& path, Contents& contents) {
  for (const std::string& name : file.attribute_names(path)) {
    if (path == "/provenance" && name == kDescription) continue;  // only recordings have the group here
    contents[path + "@" + name] = to_json(file.attribute(path, name).value()).dump();
  }
  for (const h5::Child& child : file.children(path)) {
    const std::string below = (path == "/" ? "" : path) + "/" + child.name;
    if (child.kind == h5::ObjectKind::group) {
      collect(file, below, contents);
      continue;
    }
    if (below == "/provenance/recording") continue;  // of each recording alone
    const std::string type = file.info(below).type;
    contents[below] = type + (type.starts_with("float") ? bytes_of(file.read<double>(below))
                                                        : bytes_of(file.read<std::uint64_t>(below)));
    for (const std::string& name : file.attribute_names(below))
      contents[below + "@" + name] = to_json(file.attribute(below, name).value()).dump();
  }
}

Contents contents_of(const std::string& path) {
  Contents contents;
  collect(h5::File::open(path), "/", contents);
  return contents;
}

class ResumableRecordingTest : public ::testing::TestWithParam<unsigned> {
 protected:
  std::unique_ptr<ResumableRecording> open(const std::optional<h5::Snapshot>& snapshot = std::nullopt) const {
    return std::make_unique<ResumableRecording>(name_, populations_, 2, GetParam(), snapshot);
  }

  /// Trial k has `spikes` spikes in population a and some in b, unless b was not recorded.
  static void present(SpikeRecorder& recorder, std::uint32_t k, std::size_t spikes) {
    SpikeTrain a;
    for (std::size_t i = 0; i < spikes; ++i)
      a.append(1e-5 * static_cast<double>(i), static_cast<NeuronId>((i * 7 + k) % 100));
    SpikeTrain b;
    for (std::uint32_t i = 0; i < 3 * k; ++i) b.append(0.25 * i, i % 5);
    const SpikeTrain* trains[] = {&a, k % 3 == 1 ? nullptr : &b};
    recorder.trial(
        {.start_ms = 100.0 * k, .stop_ms = 100.0 * k + 90, .sample = k, .scores = {float(k), 1.0f}}, trains);
  }

  static void complete(h5::File& file, SpikeRecorder& recorder, std::uint32_t k) {
    RunWriter writer(file, FileKind::run);
    present(recorder, k, 1000);
    writer.append_metric("accuracy", 97.5);
    recorder.finish();
  }

  /// The same run written at once, without interruption.
  Contents plain_run(const std::vector<std::size_t>& spikes) const {
    RunWriter writer(directory_ / "plain.h5", FileKind::run);
    SpikeRecorder recorder(writer.file(), populations_, 2, GetParam());
    for (std::uint32_t k = 0; k < spikes.size(); ++k) present(recorder, k, spikes[k]);
    complete(writer.file(), recorder, static_cast<std::uint32_t>(spikes.size()));
    writer.commit();
    return contents_of(directory_ / "plain.h5");
  }

  h5::Snapshot checkpoint(ResumableRecording& recording) {
    h5::Snapshot snapshot = recording.snapshot();
    recording.settle();
    return snapshot;
  }

  std::string part() const { return recording_path(name_); }

  std::vector<PopulationInfo> populations_ = {{"a", 100}, {"b", 5}};
  TemporaryDirectory directory_;
  std::string name_ = directory_ / "run.h5";
};

TEST_P(ResumableRecordingTest, HoldsTheSameHoweverItWasInterrupted) {
  const std::vector<std::size_t> spikes = {10, kChunk - 10, kChunk, 0, kChunk / 2, 3 * kChunk, 77};
  const Contents plain = plain_run(spikes);
  auto recording = open();
  h5::Snapshot snapshot;
  for (std::uint32_t k = 0; k < spikes.size(); ++k) {
    present(recording->recorder(), k, spikes[k]);
    snapshot = checkpoint(*recording);
    present(recording->recorder(), k + 1, kChunk + 5);  // of a killed program
    if (k % 2 == 0) recording->snapshot();              // that was never stored
    const std::string killed = read_bytes(part());
    recording.reset();
    write_bytes(part(), killed);
    recording = open(snapshot);
  }
  complete(recording->file(), recording->recorder(), static_cast<std::uint32_t>(spikes.size()));
  EXPECT_FALSE(fs::exists(name_));
  recording->commit([](const h5::Snapshot&) {});
  EXPECT_FALSE(fs::exists(part()));
  EXPECT_EQ(RunReader(name_).kind(), FileKind::run);
  EXPECT_TRUE(contents_of(name_) == plain);
}

TEST_P(ResumableRecordingTest, GivenUpItIsWhatTheCheckpointKnowsByteForByte) {
  h5::Snapshot snapshot;
  {
    auto recording = open();
    present(recording->recorder(), 0, kChunk + 3);
    snapshot = checkpoint(*recording);
  }
  const std::string before = read_bytes(part());
  EXPECT_EQ(before.size(), snapshot.size);
  {
    auto recording = open(snapshot);
    complete(recording->file(), recording->recorder(), 1);
    recording->file().flush();
    EXPECT_GT(fs::file_size(part()), before.size());
  }
  EXPECT_TRUE(read_bytes(part()) == before);
  EXPECT_FALSE(fs::exists(name_));
}

TEST_P(ResumableRecordingTest, IsRemovedIfNoCheckpointKnowsIt) {
  {
    auto recording = open();
    present(recording->recorder(), 0, 10);
    recording->snapshot();
    EXPECT_TRUE(fs::exists(part()));
  }
  EXPECT_FALSE(fs::exists(part()));
}

TEST_P(ResumableRecordingTest, GoesOnFromAnyMomentOfItsEnd) {
  const Contents plain = plain_run({kChunk + 3});
  h5::Snapshot stored;
  std::vector<std::pair<std::string, h5::Snapshot>> moments;
  auto recording = open();
  present(recording->recorder(), 0, kChunk + 3);
  stored = checkpoint(*recording);
  complete(recording->file(), recording->recorder(), 1);
  recording->commit([&](const h5::Snapshot& settled) {
    const std::string disk = read_bytes(part());
    moments.emplace_back(disk, stored);
    moments.emplace_back(disk, settled);
    stored = settled;
  });
  const std::string before = moments[0].first;
  const std::string after = read_bytes(name_);
  moments.emplace_back(after, stored);
  // Settled in part.
  for (const std::size_t end : {std::size_t{100}, std::size_t{4096}, before.size() / 2})
    moments.emplace_back(after.substr(0, end) + before.substr(end), stored);
  moments.emplace_back(before.substr(0, 2048) + after.substr(2048), stored);
  fs::remove(name_);
  for (const auto& [disk, snapshot] : moments) {
    write_bytes(part(), disk);
    auto resumed = open(snapshot);
    ASSERT_EQ(resumed->recorder().trials(), 1u);
    complete(resumed->file(), resumed->recorder(), 1);
    resumed->commit([](const h5::Snapshot&) {});
    EXPECT_TRUE(contents_of(name_) == plain);
    fs::remove(name_);
  }
}

TEST_P(ResumableRecordingTest, AFullDiskCostsNothingThatACheckpointKnows) {
  const Contents plain = plain_run({kChunk + 3});
  auto recording = open();
  present(recording->recorder(), 0, kChunk + 3);
  const h5::Snapshot snapshot = checkpoint(*recording);
  recording.reset();
  const std::string before = read_bytes(part());
  for (std::size_t room = 0; room < 40000; room += 4999) {
    std::string text;
    {
      const FileSizeLimit limit(before.size() + room);
      text = message_of([&] {
        auto full = open(snapshot);
        present(full->recorder(), 1, 3 * kChunk);
        complete(full->file(), full->recorder(), 2);
        full->commit([](const h5::Snapshot&) { throw std::runtime_error("the disk is not full"); });
      });
    }
    EXPECT_NE(text.find("File too large"), std::string::npos) << room << ": " << text;
    EXPECT_TRUE(read_bytes(part()) == before) << room;
  }
  recording = open(snapshot);
  complete(recording->file(), recording->recorder(), 1);
  recording->commit([](const h5::Snapshot&) {});
  EXPECT_TRUE(contents_of(name_) == plain);
}

INSTANTIATE_TEST_SUITE_P(Deflate, ResumableRecordingTest, ::testing::Values(0u, 4u));

using ResumableRecordingErrors = ResumableRecordingTest;

TEST_P(ResumableRecordingErrors, AMissingRecordingIsACheckpointError) {
  try {
    open(h5::Snapshot{});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::checkpoint);
    EXPECT_NE(std::string(error.what()).find(part() + " is missing"), std::string::npos) << error.what();
  }
}

TEST_P(ResumableRecordingErrors, IsRefusedWhileAnotherProcessWritesIt) {
  auto recording = open();
  present(recording->recorder(), 0, 10);
  const h5::Snapshot snapshot = checkpoint(*recording);
  for (const auto& way : {std::optional<h5::Snapshot>(), std::optional(snapshot)})
    EXPECT_NE(message_of([&] { open(way); }).find("another process is writing it"), std::string::npos);
}

TEST_P(ResumableRecordingErrors, GoesOnWithTheSamePopulationsAndClassesOnly) {
  auto recording = open();
  present(recording->recorder(), 0, 10);
  const h5::Snapshot snapshot = checkpoint(*recording);
  recording.reset();
  const auto refusal = [&](std::vector<PopulationInfo> populations, std::size_t classes) {
    return message_of([&] { ResumableRecording(name_, std::move(populations), classes, 0, snapshot); });
  };
  EXPECT_NE(refusal({{"a", 100}, {"c", 5}}, 2).find("lacks population c"), std::string::npos);
  EXPECT_NE(refusal({{"a", 101}, {"b", 5}}, 2).find("another size"), std::string::npos);
  EXPECT_NE(refusal({{"a", 100}}, 2).find("other populations"), std::string::npos);
  EXPECT_NE(refusal(populations_, 3).find("number of classes"), std::string::npos);
  EXPECT_NE(refusal(populations_, 0).find("number of classes"), std::string::npos);
  EXPECT_EQ(open(snapshot)->recorder().trials(), 1u);
}

TEST_P(ResumableRecordingErrors, GoesOnWithItsOwnCheckpointOnly) {
  auto recording = open();
  present(recording->recorder(), 0, 10);
  const h5::Snapshot first = checkpoint(*recording);
  present(recording->recorder(), 1, 10);
  checkpoint(*recording);
  present(recording->recorder(), 2, 10);
  const h5::Snapshot third = checkpoint(*recording);
  recording.reset();
  const std::string before = read_bytes(part());
  for (const auto& [snapshot, why] : {std::pair(first, "another checkpoint"), {third, ""}}) {
    const std::string text = message_of([&] { open(snapshot); });
    EXPECT_NE(text.find(why), std::string::npos) << text;
    EXPECT_EQ(text.empty(), *why == '\0');
    EXPECT_TRUE(read_bytes(part()) == before);
  }
  fs::remove(part());
  recording = open();
  for (std::uint32_t k = 0; k < 3; ++k) {
    present(recording->recorder(), k, 10);
    checkpoint(*recording);
  }
  recording.reset();
  EXPECT_NE(message_of([&] { open(third); }).find("another run"), std::string::npos);
}

TEST_P(ResumableRecordingErrors, AnEndThatFailsCanBeTriedAgain) {
  const Contents plain = plain_run({10});
  auto recording = open();
  present(recording->recorder(), 0, 10);
  const h5::Snapshot snapshot = checkpoint(*recording);
  complete(recording->file(), recording->recorder(), 1);
  EXPECT_EQ(message_of([&] {
              recording->commit([](const h5::Snapshot&) { throw std::runtime_error("no room for it"); });
            }),
            "no room for it");
  recording.reset();
  recording = open(snapshot);
  complete(recording->file(), recording->recorder(), 1);
  fs::create_directory(name_);
  h5::Snapshot kept;
  EXPECT_NE(message_of([&] { recording->commit([&](const h5::Snapshot& settled) { kept = settled; }); }), "");
  recording.reset();
  fs::remove(name_);
  recording = open(kept);
  complete(recording->file(), recording->recorder(), 1);
  recording->commit([](const h5::Snapshot&) {});
  EXPECT_TRUE(contents_of(name_) == plain);
}

TEST_P(ResumableRecordingErrors, OneThatCannotBeginLeavesNothing) {
  const FileSizeLimit limit(100);
  EXPECT_NE(message_of([&] {
              auto recording = open();
              present(recording->recorder(), 0, 10);
              recording->snapshot();
            }).find("File too large"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(part()));
}

TEST_P(ResumableRecordingErrors, IsSetAsideWithItsCheckpoint) {
  EXPECT_FALSE(set_recording_aside(name_, true));
  auto recording = open();
  present(recording->recorder(), 0, 10);
  const h5::Snapshot snapshot = checkpoint(*recording);
  for (const bool has_checkpoint : {true, false}) {
    EXPECT_NE(
        message_of([&] { set_recording_aside(name_, has_checkpoint); }).find("another process is writing it"),
        std::string::npos);
    EXPECT_TRUE(fs::exists(part()));
  }
  recording.reset();
  EXPECT_TRUE(set_recording_aside(name_, true));
  EXPECT_FALSE(fs::exists(part()));
  fs::rename(part() + ".bak", part());
  EXPECT_EQ(open(snapshot)->recorder().trials(), 1u);
  EXPECT_FALSE(set_recording_aside(name_, false));
  EXPECT_FALSE(fs::exists(part()) || fs::exists(part() + ".bak"));
}

TEST_P(ResumableRecordingErrors, ASnapshotComesBackFromItsCheckpoint) {
  const h5::Snapshot snapshot{.size = 9000,
                              .pages = {0, 2},
                              .bytes = std::vector<std::uint8_t>(8192, 7),
                              .stamp = {.place = 800, .id = ~std::uint64_t{0}, .settled = 3}};
  const std::string path = directory_ / "checkpoint";
  RunWriter writer(path, FileKind::checkpoint);
  write_snapshot(writer, snapshot);
  writer.commit();
  const auto read = read_snapshot(RunReader(path));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->size, snapshot.size);
  EXPECT_EQ(read->pages, snapshot.pages);
  EXPECT_EQ(read->bytes, snapshot.bytes);
  EXPECT_EQ(read->stamp.place, 800u);
  EXPECT_EQ(read->stamp.id, ~std::uint64_t{0});
  EXPECT_EQ(read->stamp.settled, 3u);
  EXPECT_EQ(recording_id(RunReader(path)), ~std::uint64_t{0});
  RunWriter(path, FileKind::checkpoint).commit();
  EXPECT_FALSE(read_snapshot(RunReader(path)));
}

INSTANTIATE_TEST_SUITE_P(Plain, ResumableRecordingErrors, ::testing::Values(0u));

}  // namespace
}  // namespace shallows
