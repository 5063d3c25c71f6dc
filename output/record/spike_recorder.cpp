#include "output/record/spike_recorder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <limits>

#include "sim/core/error.hpp"

namespace shallows {
namespace {

constexpr std::uint64_t spikes_per_chunk = 65536;
constexpr std::uint64_t trials_per_chunk = 8192;
constexpr std::size_t most_buffered_trials = 8192;
constexpr unsigned trial_deflate = 4;

const h5::Enumeration sorting_names = {{"none", 0}, {"by_id", 1}, {"by_time", 2}};
constexpr std::uint8_t by_time = 2;

std::string group_of(const std::string& population) { return "/spikes/" + population; }

h5::GrowingDataset trial_column(h5::File& file, const std::string& name, h5::ElementType type) {
  return {file, "/trials/" + name, type, 0, trials_per_chunk, trial_deflate};
}

[[maybe_unused]] bool valid_name(const std::string& name) {
  return !name.empty() && name != "." && name.find('/') == std::string::npos;
}

[[noreturn]] void refuse(const h5::File& recording, const std::string& why) {
  throw Error(ErrorKind::data, fmt::format("can't go on with the recording {} ({}); remove it and train anew",
                                           recording.path(), why));
}

template <class T, class Member>
std::vector<T> column(const std::vector<TrialInfo>& rows, Member TrialInfo::*member) {
  std::vector<T> values;
  values.reserve(rows.size());
  for (const TrialInfo& row : rows) values.push_back(static_cast<T>(row.*member));
  return values;
}

}  // namespace

void write_sonata_header(h5::File& file) {
  if (file.has_attribute("/", "magic")) return;
  file.write_attribute("/", "magic", std::uint32_t{0x0A7A});
  file.write_attribute("/", "version", std::vector<std::uint32_t>{0, 1});
}

SpikeRecorder::Stream::Stream(h5::File& file, const std::string& population, unsigned deflate)
    : timestamps(file, group_of(population) + "/timestamps", h5::ElementType::f64, 0, spikes_per_chunk,
                 deflate),
      node_ids(file, group_of(population) + "/node_ids", h5::ElementType::u64, 0, spikes_per_chunk, deflate),
      offsets(file, offsets_path(population), h5::ElementType::u64, 0, trials_per_chunk, trial_deflate),
      recorded_flags(file, recorded_path(population), h5::ElementType::u8, 0, trials_per_chunk,
                     trial_deflate),
      buffered_times(spikes_per_chunk),
      buffered_ids(spikes_per_chunk),
      recorded(timestamps.rows()) {
  if (offsets.rows() == 0) buffered_offsets.push_back(0);
}

SpikeRecorder::TrialColumns::TrialColumns(h5::File& file, std::size_t classes)
    : start(trial_column(file, "start", h5::ElementType::f64)),
      stop(trial_column(file, "stop", h5::ElementType::f64)),
      sample(trial_column(file, "sample", h5::ElementType::u32)),
      label(trial_column(file, "label", h5::ElementType::u8)),
      predicted(trial_column(file, "predicted", h5::ElementType::u8)),
      phase(file, "/trials/phase", phase_names(), trials_per_chunk, trial_deflate) {
  if (classes > 0) {
    scores.emplace(file, "/trials/scores", h5::ElementType::f32, classes, trials_per_chunk, trial_deflate);
  }
}

SpikeRecorder::SpikeRecorder(h5::File& file, std::vector<PopulationInfo> populations, std::size_t classes,
                             unsigned deflate)
    : file_(&file),
      populations_(std::move(populations)),
      classes_(classes),
      begun_before_(goes_on_in(file)),
      columns_(file, classes) {
  write_sonata_header(file);
  file.create_group("/spikes");
  for (const PopulationInfo& population : populations_) {
    assert(valid_name(population.name));
    const Stream& stream = streams_.emplace_back(file, population.name, deflate);
    file.write_enum_attribute(group_of(population.name), "sorting", sorting_names, by_time);
    file.write_attribute(group_of(population.name), "size", population.size);
    file.write_attribute(stream.timestamps.path(), "units", "ms");
  }
  if (begun_before_) go_on();
}

std::vector<const h5::GrowingDataset*> SpikeRecorder::TrialColumns::all() const {
  std::vector<const h5::GrowingDataset*> columns = {&start, &stop, &sample, &label, &predicted, &phase};
  if (scores) columns.push_back(&*scores);
  return columns;
}

bool SpikeRecorder::goes_on_in(const h5::File& file) const {
  if (!Trials::present(file)) return false;
  check_fits(file);
  return true;
}

void SpikeRecorder::go_on() {
  trials_ = columns_.start.rows();
  for (const h5::GrowingDataset* column : columns_.all()) {
    if (column->rows() != trials_) refuse(*file_, "its columns are not of one length");
  }
  for (const Stream& stream : streams_) {
    const bool begun = stream.offsets.rows() > 0;
    const bool whole =
        stream.recorded_flags.rows() == trials_ && stream.offsets.rows() == (begun ? trials_ + 1 : 0) &&
        stream.timestamps.rows() == stream.node_ids.rows() &&
        (!begun || file_->read_rows<std::uint64_t>(stream.offsets.path(), trials_, 1)[0] == stream.recorded);
    if (!whole) refuse(*file_, "its trials and spikes don't belong together");
  }
  if (trials_ == 0) return;
  const Trials trials(*file_);
  t_start_ = trials.read_rows(0, 1).front().start_ms;
  t_stop_ = trials.read_rows(trials_ - 1, 1).front().stop_ms;
}

void SpikeRecorder::trial(const TrialInfo& info, std::span<const SpikeTrain* const> trains) {
  assert(trains.empty() || trains.size() == populations_.size());
  for (std::size_t p = 0; p < streams_.size(); ++p) {
    Stream& stream = streams_[p];
    const SpikeTrain* train = trains.empty() ? nullptr : trains[p];
    if (train != nullptr) {
      assert(train->empty() || train->times().back() <= info.stop_ms - info.start_ms);
      add_spikes(stream, info.start_ms, *train);
    }
    stream.buffered_offsets.push_back(stream.recorded);
    stream.buffered_flags.push_back(train != nullptr ? 1 : 0);
  }
  add_row(info);
}

void SpikeRecorder::add_row(const TrialInfo& info) {
  assert(info.stop_ms >= info.start_ms);
  assert(trials_ == 0 || info.start_ms >= t_stop_);
  assert(info.scores.empty() || info.scores.size() == classes_);
  if (trials_ == 0) t_start_ = info.start_ms;
  t_stop_ = info.stop_ms;
  ++trials_;
  buffered_rows_.push_back(info);
  if (buffered_rows_.size() >= most_buffered_trials) write_trials();
}

void SpikeRecorder::add_spikes(Stream& stream, TimeMs start, const SpikeTrain& train) {
  const TimeMs* times = train.times().data();
  const NeuronId* sources = train.sources().data();
  for (std::size_t left = train.size(); left > 0;) {
    const std::size_t count =
        std::min<std::size_t>(left, spikes_per_chunk - stream.recorded % spikes_per_chunk);
    double* to_times = stream.buffered_times.data() + stream.buffered;
    std::uint64_t* to_ids = stream.buffered_ids.data() + stream.buffered;
    for (std::size_t i = 0; i < count; ++i) to_times[i] = start + times[i];
    for (std::size_t i = 0; i < count; ++i) to_ids[i] = sources[i];
    times += count;
    sources += count;
    left -= count;
    stream.buffered += count;
    stream.recorded += count;
    if (stream.recorded % spikes_per_chunk == 0) write_spikes(stream);
  }
}

void SpikeRecorder::write_spikes(Stream& stream) {
  stream.timestamps.append(std::span(stream.buffered_times).first(stream.buffered));
  stream.node_ids.append(std::span(stream.buffered_ids).first(stream.buffered));
  stream.buffered = 0;
}

void SpikeRecorder::write_buffered() {
  for (Stream& stream : streams_) write_spikes(stream);
  write_trials();
}

void SpikeRecorder::write_trials() {
  for (Stream& stream : streams_) {
    stream.offsets.append(stream.buffered_offsets);
    stream.recorded_flags.append(stream.buffered_flags);
    stream.buffered_offsets.clear();
    stream.buffered_flags.clear();
  }
  const std::vector<TrialInfo>& rows = buffered_rows_;
  columns_.start.append(column<double>(rows, &TrialInfo::start_ms));
  columns_.stop.append(column<double>(rows, &TrialInfo::stop_ms));
  columns_.sample.append(column<std::uint32_t>(rows, &TrialInfo::sample));
  columns_.label.append(column<std::uint8_t>(rows, &TrialInfo::label));
  columns_.predicted.append(column<std::uint8_t>(rows, &TrialInfo::predicted));
  columns_.phase.append(column<std::uint8_t>(rows, &TrialInfo::phase));
  if (columns_.scores) {
    std::vector<float> scores(rows.size() * classes_, std::numeric_limits<float>::quiet_NaN());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy(rows[i].scores.begin(), rows[i].scores.end(),
                scores.begin() + static_cast<std::ptrdiff_t>(i * classes_));
    }
    columns_.scores->append(scores);
  }
  buffered_rows_.clear();
}

void SpikeRecorder::flush() {
  write_buffered();
  file_->flush();
}

void SpikeRecorder::finish() {
  write_buffered();
  for (const PopulationInfo& population : populations_) {
    file_->write_attribute(group_of(population.name), "t_start", t_start_);
    file_->write_attribute(group_of(population.name), "t_stop", t_stop_);
  }
}

void SpikeRecorder::check_fits(const h5::File& recording) const {
  const std::size_t found = recording.children("/spikes").size();
  if (found > populations_.size()) refuse(recording, "it has other populations as well");
  for (const PopulationInfo& population : populations_) {
    const std::string group = group_of(population.name);
    if (!recording.contains(group)) refuse(recording, "it lacks population " + population.name);
    if (recording.attribute_as<std::uint64_t>(group, "size") != population.size) {
      refuse(recording, fmt::format("its population {} has another size", population.name));
    }
  }
  const bool has_scores = recording.contains("/trials/scores");
  const h5::Shape scores = has_scores ? recording.shape("/trials/scores") : h5::Shape{0, 0};
  if (scores.size() != 2 || scores[1] != classes_) refuse(recording, "it has another number of classes");
}

}  // namespace shallows
