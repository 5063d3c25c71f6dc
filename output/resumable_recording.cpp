#include "output/resumable_recording.hpp"

#include <fmt/format.h>

#include <cassert>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "sim/error.hpp"

namespace shallows {
namespace {

constexpr std::uint64_t page_size = 4096;

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
  RunWriter(*file_, FileKind::recording);
  recorder_.emplace(*file_, std::move(populations), classes, deflate);
}

ResumableRecording::~ResumableRecording() {
  if (!file_) return;
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
  recorder_.reset();
  file_->close();
  keep(file_->settled_snapshot());
  file_->settle();
  rename_to(part_, name_);
  file_.reset();
}

void write_snapshot(RunWriter& writer, const h5::Snapshot& snapshot) {
  writer.write_array("recording/size", std::vector<std::uint64_t>{snapshot.size});
  writer.write_array("recording/pages", snapshot.pages);
  writer.write_array("recording/bytes", snapshot.bytes, {snapshot.pages.size(), page_size});
}

std::optional<h5::Snapshot> read_snapshot(const RunReader& reader) {
  if (!reader.contains("recording/size")) return std::nullopt;
  h5::Snapshot snapshot{.size = reader.read_array<std::uint64_t>("recording/size", {1})[0],
                        .pages = reader.read_array<std::uint64_t>("recording/pages")};
  snapshot.bytes = reader.read_array<std::uint8_t>("recording/bytes", {snapshot.pages.size(), page_size});
  return snapshot;
}

}  // namespace shallows
