// One row for each presented image, and where its spikes are.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "output/h5/h5.hpp"
#include "sim/core/types.hpp"

namespace shallows {

/// The values are part of the file format.
enum class Phase : std::uint8_t { train = 0, test = 1, validation = 2 };

/// The label or prediction of a trial that has none.
inline constexpr std::uint8_t no_class = 255;

struct TrialInfo {
  TimeMs start_ms = 0.0;
  TimeMs stop_ms = 0.0;
  std::uint32_t sample = 0;  ///< index of the image in its set
  std::uint8_t label = no_class;
  std::uint8_t predicted = no_class;
  Phase phase = Phase::train;
  std::vector<float> scores = {};  ///< one per class, or empty: none were computed
};

/// Names of the enumeration in the file.
const h5::Enumeration& phase_names();
std::string to_string(Phase phase);

/// Reads the rows of /trials of a file that has them. Holds only the file: it must outlive this.
class Trials {
 public:
  /// Whether the file has /trials.
  static bool present(const h5::File& file);
  explicit Trials(const h5::File& file);

  std::uint64_t count() const { return count_; }
  /// Throws Error (configuration) if there are not that many.
  TrialInfo read(std::uint64_t trial) const;
  /// Rows [first, first + count); scores are left out.
  std::vector<TrialInfo> read_rows(std::uint64_t first, std::uint64_t count) const;
  /// One flag for each of those trials: whether the population's spikes were recorded.
  std::vector<std::uint8_t> recorded(const std::string& population, std::uint64_t first,
                                     std::uint64_t count) const;
  /// count + 1 offsets into /spikes/<population>, which are checked to rise.
  std::vector<std::uint64_t> offsets(const std::string& population, std::uint64_t first,
                                     std::uint64_t count) const;

 private:
  const h5::File* file_;
  std::uint64_t count_;
};

/// Datasets of /trials for one population: "/trials/offsets_<population>", "/trials/recorded_<population>".
std::string offsets_path(const std::string& population);
std::string recorded_path(const std::string& population);

}  // namespace shallows
