// Streams spikes and trials into an open file as SONATA, in bounded memory.
//
//     /                  magic = 0x0A7A (uint32), version = {0, 1} (uint32[2])
//     /spikes/<pop>      sorting = by_time (enum uint8), size, t_start, t_stop (ms)
//         timestamps     float64 [N], units = "ms" (variable-length string)
//         node_ids       uint64 [N]
//     /trials            start, stop (float64, ms); sample (uint32); label, predicted (uint8, 255 = none);
//                        phase (enum uint8); scores (float32 [T, classes], NaN = none)
//         offsets_<pop>  uint64 [T + 1]: trial k has the rows [offsets[k], offsets[k + 1]) of /spikes/<pop>
//         recorded_<pop> uint8 [T]: 0 if the population was not recorded in this trial, so that it is empty
//
// SONATA: github.com/AllenInstitute/sonata, docs/SONATA_DEVELOPER_GUIDE.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "output/h5/h5.hpp"
#include "output/record/trials.hpp"
#include "sim/core/spike_train.hpp"

namespace shallows {

struct PopulationInfo {
  std::string name;
  std::uint64_t size = 0;  ///< neurons

  friend bool operator==(const PopulationInfo&, const PopulationInfo&) = default;
};

/// The attributes at the root by which SONATA readers know a file; nothing happens if they are there.
void write_sonata_header(h5::File& file);

/// Spikes take about 5 bytes instead of 16 at this level, and ten times as long to write.
inline constexpr unsigned kSpikeDeflate = 4;

class SpikeRecorder {
 public:
  /// `classes` = 0: no scores. `deflate`: compression of the spikes, 0 (none, fast) to 9. The file must
  /// outlive the recorder and stay where it is. A recording that it has already goes on, compressed as it
  /// was; throws Error (data) if that is of other populations or classes, or its columns are not of one
  /// length.
  SpikeRecorder(h5::File& file, std::vector<PopulationInfo> populations, std::size_t classes,
                unsigned deflate = kSpikeDeflate);

  const std::vector<PopulationInfo>& populations() const { return populations_; }
  std::uint64_t trials() const { return trials_; }
  std::uint64_t spikes(std::size_t population) const { return streams_[population].recorded; }

  /// Adds a trial that starts no earlier than the last one stopped. `trains` is empty (nothing recorded) or
  /// has one entry per population, nullptr where it was not recorded; times count from the trial's start.
  void trial(const TrialInfo& info, std::span<const SpikeTrain* const> trains);

  /// Hands everything so far to the file, and File::flush() it.
  void flush();
  /// Writes what is buffered and the attributes known only now. Nothing can be added afterwards.
  void finish();

 private:
  struct Stream {
    Stream(h5::File& file, const std::string& population, unsigned deflate);

    h5::GrowingDataset timestamps;
    h5::GrowingDataset node_ids;
    h5::GrowingDataset offsets;
    h5::GrowingDataset recorded_flags;
    // Up to the end of a chunk of the datasets, which is then written whole while it is in the cache.
    std::vector<double> buffered_times;
    std::vector<std::uint64_t> buffered_ids;
    std::size_t buffered = 0;
    std::vector<std::uint64_t> buffered_offsets;
    std::vector<std::uint8_t> buffered_flags;
    std::uint64_t recorded = 0;  // with those buffered
  };

  struct TrialColumns {
    TrialColumns(h5::File& file, std::size_t classes);

    std::vector<const h5::GrowingDataset*> all() const;

    h5::GrowingDataset start, stop, sample, label, predicted, phase;
    std::optional<h5::GrowingDataset> scores;
  };

  void add_row(const TrialInfo& info);
  static void add_spikes(Stream& stream, TimeMs start, const SpikeTrain& train);
  static void write_spikes(Stream& stream);
  void write_buffered();
  void write_trials();
  bool goes_on_in(const h5::File& file) const;
  void go_on();
  void check_fits(const h5::File& recording) const;

  h5::File* file_;
  std::vector<PopulationInfo> populations_;
  std::size_t classes_;
  bool begun_before_;
  // A deque, because streams don't move.
  std::deque<Stream> streams_;
  TrialColumns columns_;
  std::vector<TrialInfo> buffered_rows_;
  std::uint64_t trials_ = 0;
  TimeMs t_start_ = 0.0;
  TimeMs t_stop_ = 0.0;
};

}  // namespace shallows
