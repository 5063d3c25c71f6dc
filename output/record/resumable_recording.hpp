// The recording of a training run that can be killed and resumed, and becomes the run file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "output/h5/h5.hpp"
#include "output/record/run_file.hpp"
#include "output/record/spike_recorder.hpp"

namespace shallows {

/// Spikes go straight into NAME.recording, which takes the name NAME when all that belongs into the run file
/// is in it (only those in the last, unfinished chunks are written again at the next checkpoint). Killed at
/// any moment, it can be brought back to the last checkpoint (h5::File::restore), and to that one only:
///
///     ResumableRecording recording(name, populations, classes, deflate, read_snapshot(checkpoint));
///     recording.recorder().trial(...);
///     write_snapshot(checkpoint_writer, recording.snapshot());   // then commit the checkpoint
///     recording.settle();
///     ...
///     write into recording.file() what else belongs into the run file
///     recording.commit([&](const h5::Snapshot& last) { the last checkpoint again, with this snapshot });
class ResumableRecording {
 public:
  /// Begins, or goes on from a snapshot. Throws Error (checkpoint) if that belongs to another recording, or
  /// to one that is not there, Error (data) if another process is writing it; then what is there stays as it
  /// is.
  ResumableRecording(const std::string& name, std::vector<PopulationInfo> populations, std::size_t classes,
                     unsigned deflate, const std::optional<h5::Snapshot>& snapshot = std::nullopt);
  /// Unless it was committed: leaves what the last checkpoint needs, or nothing if there was none.
  ~ResumableRecording();
  ResumableRecording(ResumableRecording&&) = delete;
  ResumableRecording& operator=(ResumableRecording&&) = delete;

  /// Of this recording alone; in its run file as well, see recording_id().
  std::uint64_t id() const { return id_; }
  h5::File& file() { return *file_; }
  SpikeRecorder& recorder() { return *recorder_; }

  /// Of all trials so far.
  h5::Snapshot snapshot();
  /// The snapshot is on the disk.
  void settle();
  /// Names the file. `keep` must have brought its argument to the disk, in place of the last snapshot, when
  /// it returns. Throws Error (data). No use of file() and recorder() after it.
  void commit(const std::function<void(const h5::Snapshot&)>& keep);

 private:
  void give_up();

  std::string name_;
  std::string part_;
  std::optional<h5::File> file_;
  std::optional<SpikeRecorder> recorder_;
  std::uint64_t id_ = 0;
  bool resumable_;
};

/// "NAME.recording".
std::string recording_path(const std::string& name);
/// Before a run of that name starts anew: NAME.recording, if there is one, becomes NAME.recording.bak for the
/// checkpoint that needs it, or is removed if there is none. True if it was kept. Throws Error (data) if
/// another process is writing it.
bool set_recording_aside(const std::string& name, bool has_checkpoint);

/// The id() of the recording that became this run file, or is described by this checkpoint; nothing if there
/// was none.
std::optional<std::uint64_t> recording_id(const RunReader& reader);

/// Into a checkpoint, and back; nothing if it has none.
void write_snapshot(RunWriter& writer, const h5::Snapshot& snapshot);
std::optional<h5::Snapshot> read_snapshot(const RunReader& reader);

}  // namespace shallows
