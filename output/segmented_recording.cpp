#include "output/segmented_recording.hpp"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <optional>

#include "sim/error.hpp"

namespace shallows {
namespace {

namespace fs = std::filesystem;

/// The number of a segment, complete or not, from the name of its file.
std::optional<std::uint64_t> segment_number(std::string_view file, std::string_view prefix) {
  if (!file.starts_with(prefix)) return std::nullopt;
  file.remove_prefix(prefix.size());
  constexpr std::string_view part = ".part";
  if (file.ends_with(part)) file.remove_suffix(part.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(file.data(), file.data() + file.size(), number);
  if (error != std::errc{} || end != file.data() + file.size()) return std::nullopt;
  return number;
}

}  // namespace

SegmentedRecording::SegmentedRecording(std::string name, std::vector<PopulationInfo> populations,
                                       std::size_t classes, std::uint64_t known)
    : name_(std::move(name)), populations_(std::move(populations)), classes_(classes), closed_(known) {
  for (std::uint64_t number = 1; number <= known; ++number) {
    if (!fs::exists(segment_path(number))) {
      throw Error(ErrorKind::checkpoint,
                  fmt::format("can't resume: the recording {} is missing (the checkpoint "
                              "counts {} of them); put it back or train anew",
                              segment_path(number), known));
    }
  }
  delete_after(known);
}

std::string SegmentedRecording::segment_path(std::uint64_t number) const {
  return fmt::format("{}.segment-{:04}", name_, number);
}

void SegmentedRecording::delete_after(std::uint64_t known) const {
  const fs::path base(name_);
  const fs::path directory = base.has_parent_path() ? base.parent_path() : fs::path(".");
  const std::string prefix = base.filename().string() + ".segment-";
  std::error_code error;
  std::vector<fs::path> later;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    const auto number = segment_number(entry.path().filename().string(), prefix);
    if (number && *number > known) later.push_back(entry.path());
  }
  for (const fs::path& path : later) fs::remove(path, error);
}

void SegmentedRecording::trial(const TrialInfo& info, std::span<const SpikeTrain* const> trains) {
  if (!recorder_) {
    writer_ = std::make_unique<RunWriter>(segment_path(closed_ + 1), FileKind::segment);
    constexpr unsigned deflate = 0;  // segments don't live long
    recorder_ = std::make_unique<SpikeRecorder>(writer_->file(), populations_, classes_, deflate);
  }
  recorder_->trial(info, trains);
}

std::uint64_t SegmentedRecording::close_segment() {
  if (recorder_) {
    recorder_->finish();
    recorder_.reset();
    writer_->commit();
    writer_.reset();
    ++closed_;
  }
  return closed_;
}

void SegmentedRecording::append_to(SpikeRecorder& recorder) const {
  for (std::uint64_t number = 1; number <= closed_; ++number) recorder.append_segment(segment_path(number));
}

void SegmentedRecording::remove() {
  std::error_code error;
  for (std::uint64_t number = 1; number <= closed_; ++number) fs::remove(segment_path(number), error);
  closed_ = 0;
}

}  // namespace shallows
