// The recording of a training run that can be killed and resumed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "output/run_file.hpp"
#include "output/spike_recorder.hpp"

namespace shallows {

/// Records into segments NAME.segment-0001, NAME.segment-0002, ... Each is complete when it gets its name and
/// is never touched again, so a checkpoint only needs to know how many there are:
///
///     SegmentedRecording recording(name, populations, classes, checkpoint.segments);   // 0 at the start
///     recording.trial(...);
///     checkpoint.segments = recording.close_segment();   // then write the checkpoint
///     ...
///     recording.close_segment();
///     recording.append_to(recorder_of_the_run_file);     // then commit the run file
///     recording.remove();
class SegmentedRecording {
 public:
  /// Goes on after `known` segments; deletes later ones, whose trials will be presented again. Throws Error
  /// (checkpoint) if a known one is missing.
  SegmentedRecording(std::string name, std::vector<PopulationInfo> populations, std::size_t classes,
                     std::uint64_t known);

  /// As SpikeRecorder::trial.
  void trial(const TrialInfo& info, std::span<const SpikeTrain* const> trains);
  /// Completes the segment that is being written, if there is one, and brings it to the disk. Returns how
  /// many there are. Throws Error (data) if that fails.
  std::uint64_t close_segment();
  /// Copies all closed segments in bounded memory.
  void append_to(SpikeRecorder& recorder) const;
  /// Deletes all closed segments.
  void remove();

  /// NAME.segment-0001 is number 1.
  std::string segment_path(std::uint64_t number) const;

 private:
  void delete_after(std::uint64_t known) const;

  std::string name_;
  std::vector<PopulationInfo> populations_;
  std::size_t classes_;
  std::uint64_t closed_;
  std::unique_ptr<RunWriter> writer_;
  std::unique_ptr<SpikeRecorder> recorder_;
};

}  // namespace shallows
