#include "output/segmented_recording.hpp"

#include <gtest/gtest.h>

#include "sim/error.hpp"
#include "tests/output/temporary_directory.hpp"

namespace shallows {
namespace {

namespace fs = std::filesystem;

class SegmentedRecordingTest : public ::testing::Test {
 protected:
  SegmentedRecording open(std::uint64_t known) const { return {name_, {{"a", 100}}, 0, known}; }

  static void present(SegmentedRecording& recording, std::uint32_t first, std::uint32_t last) {
    for (std::uint32_t k = first; k < last; ++k) {
      SpikeTrain train;
      train.append(0.25 * k, k);
      const SpikeTrain* trains[] = {&train};
      recording.trial({.start_ms = 10.0 * k, .stop_ms = 10.0 * (k + 1), .sample = k}, trains);
    }
  }

  std::vector<std::uint64_t> joined_ids(const SegmentedRecording& recording) const {
    h5::File file = h5::File::create(directory_ / "joined.h5");
    SpikeRecorder recorder(file, {{"a", 100}}, 0);
    recording.append_to(recorder);
    recorder.finish();
    return file.read<std::uint64_t>("/spikes/a/node_ids");
  }

  bool exists(const std::string& suffix) const { return fs::exists(name_ + suffix); }

  TemporaryDirectory directory_;
  std::string name_ = directory_ / "run.h5";
};

TEST_F(SegmentedRecordingTest, JoinsItsSegmentsAndRemovesThem) {
  SegmentedRecording recording = open(0);
  present(recording, 0, 3);
  EXPECT_EQ(recording.close_segment(), 1u);
  EXPECT_EQ(recording.close_segment(), 1u) << "nothing was presented, so there is nothing to close";
  present(recording, 3, 5);
  EXPECT_EQ(recording.close_segment(), 2u);
  EXPECT_TRUE(exists(".segment-0001"));
  EXPECT_TRUE(exists(".segment-0002"));
  EXPECT_EQ(joined_ids(recording), (std::vector<std::uint64_t>{0, 1, 2, 3, 4}));
  recording.remove();
  EXPECT_FALSE(exists(".segment-0001"));
  EXPECT_FALSE(exists(".segment-0002"));
}

TEST_F(SegmentedRecordingTest, ResumesAfterTheSegmentsThatTheCheckpointKnows) {
  {
    SegmentedRecording killed = open(0);
    present(killed, 0, 2);
    killed.close_segment();
    present(killed, 2, 4);
    killed.close_segment();
    present(killed, 4, 5);
  }
  write_bytes(name_ + ".segment-0003.part", "a killed program's");
  write_bytes(name_ + ".segment-notes", "someone else's");
  write_bytes(directory_ / "run.h5.checkpoint", "kept");
  SegmentedRecording resumed = open(1);
  EXPECT_TRUE(exists(".segment-0001"));
  EXPECT_FALSE(exists(".segment-0002"));
  EXPECT_FALSE(exists(".segment-0003.part"));
  EXPECT_TRUE(exists(".segment-notes"));
  EXPECT_TRUE(exists(".checkpoint"));
  present(resumed, 2, 6);
  EXPECT_EQ(resumed.close_segment(), 2u);
  EXPECT_EQ(joined_ids(resumed), (std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5}));
}

TEST_F(SegmentedRecordingTest, AMissingSegmentIsACheckpointError) {
  try {
    open(2);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::checkpoint);
    EXPECT_NE(std::string(error.what()).find(name_ + ".segment-0001 is missing"), std::string::npos)
        << error.what();
  }
}

TEST_F(SegmentedRecordingTest, ASegmentIsAFileThatCanBeInspected) {
  SegmentedRecording recording = open(0);
  present(recording, 0, 2);
  recording.close_segment();
  const RunReader reader(recording.segment_path(1));
  EXPECT_EQ(reader.kind(), FileKind::segment);
  EXPECT_EQ(Trials(reader.file()).count(), 2u);
}

}  // namespace
}  // namespace shallows
