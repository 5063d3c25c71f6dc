#include "output/record/resumable_recording.hpp"

#include <fmt/format.h>

#include <cassert>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "output/record/descriptions.hpp"
#include "sim/core/error.hpp"

namespace shallows {
namespace {

constexpr std::uint64_t page_size = 4096;
/// In the recording and its run file: {id, how often it was settled}.
constexpr const char* stamp_path = "provenance/recording";
/// In a checkpoint: {place, id, how often} of the stamp.
constexpr const char* stored_stamp_path = "recording/stamp";

h5::File restored(const std::string& path, const h5::Snapshot& snapshot) {
  if (!std::filesystem::exists(path)) {
    throw Error(
        ErrorKind::checkpoint,
        fmt::format("can't resume: the recording {} is missing (the checkpoint needs it); put it back or "
                    "train anew",
                    path));
  }
  return h5::File::restore(path, snapshot);
}

}  // namespace

std::string recording_path(const std::string& name) { return name + ".recording"; }

ResumableRecording::ResumableRecording(const std::string& name, std::vector<PopulationInfo> populations,
                                       std::size_t classes, unsigned deflate,
                                       const std::optional<h5::Snapshot>& snapshot)
    : name_(name),
      part_(recording_path(name)),
      file_(snapshot ? restored(part_, *snapshot) : h5::File::create(part_)),
      resumable_(snapshot.has_value()) {
  try {
    RunWriter(*file_, FileKind::recording);
    id_ = snapshot ? snapshot->stamp.id : file_->stamp(stamp_path);
    recorder_.emplace(*file_, std::move(populations), classes, deflate);
  } catch (...) {
    give_up();
    throw;
  }
}

ResumableRecording::~ResumableRecording() {
  if (file_) give_up();
}

void ResumableRecording::give_up() {
  recorder_.reset();
  // Removed before it is closed, as by AtomicFile.
  if (!resumable_) std::remove(part_.c_str());
  file_->revert();
}

h5::Snapshot ResumableRecording::snapshot() {
  recorder_->flush();
  return file_->snapshot();
}

void ResumableRecording::settle() {
  resumable_ = true;
  file_->settle();
}

void ResumableRecording::commit(const std::function<void(const h5::Snapshot&)>& keep) {
  assert(resumable_);
  describe(*file_);
  file_->flush();  // while its datasets are open: closing them would not say what fails
  recorder_.reset();
  file_->close();
  keep(file_->settled_snapshot());
  file_->settle();
  rename_to(part_, name_);
  file_.reset();
}

bool set_recording_aside(const std::string& name, bool has_checkpoint) {
  const std::string path = recording_path(name);
  if (!std::filesystem::exists(path)) return false;
  const auto lock = h5::File::lock(path);
  if (has_checkpoint) {
    rename_to(path, path + ".bak");
  } else {
    std::filesystem::remove(path);
  }
  return has_checkpoint;
}

std::optional<std::uint64_t> recording_id(const RunReader& reader) {
  if (reader.contains(stamp_path)) return reader.read_array<std::uint64_t>(stamp_path, {2})[0];
  if (reader.contains(stored_stamp_path)) return reader.read_array<std::uint64_t>(stored_stamp_path, {3})[1];
  return std::nullopt;
}

void write_snapshot(RunWriter& writer, const h5::Snapshot& snapshot) {
  writer.write_array("recording/size", std::vector<std::uint64_t>{snapshot.size});
  const h5::Stamp& stamp = snapshot.stamp;
  writer.write_array(stored_stamp_path, std::vector<std::uint64_t>{stamp.place, stamp.id, stamp.settled});
  writer.write_array("recording/pages", snapshot.pages);
  writer.write_array("recording/bytes", snapshot.bytes, {snapshot.pages.size(), page_size});
}

std::optional<h5::Snapshot> read_snapshot(const RunReader& reader) {
  if (!reader.contains("recording/size")) return std::nullopt;
  h5::Snapshot snapshot{.size = reader.read_array<std::uint64_t>("recording/size", {1})[0],
                        .pages = reader.read_array<std::uint64_t>("recording/pages")};
  snapshot.bytes = reader.read_array<std::uint8_t>("recording/bytes", {snapshot.pages.size(), page_size});
  const auto stamp = reader.read_array<std::uint64_t>(stored_stamp_path, {3});
  snapshot.stamp = {.place = stamp[0], .id = stamp[1], .settled = stamp[2]};
  return snapshot;
}

}  // namespace shallows
