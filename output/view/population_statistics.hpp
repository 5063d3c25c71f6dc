// What can be said of a population's spikes in any SONATA file, ours or not.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "output/h5/h5.hpp"

namespace shallows {

struct PopulationStatistics {
  std::string name;
  std::uint64_t neurons = 0;
  std::uint64_t active = 0;  ///< neurons that fired at least once
  std::uint64_t spikes = 0;
  /// Time in which the population was recorded: its recorded trials together; in a file without trials from
  /// t_start to t_stop, or if it doesn't say, from 0 to the last spike.
  double recorded_ms = 0.0;
  double mean_rate_hz = 0.0;  ///< over all neurons and recorded_ms
  /// Intervals between successive spikes of a neuron in one trial, those of all neurons together. Mean and
  /// coefficient of variation (standard deviation over mean) are NaN if there are none.
  std::uint64_t intervals = 0;
  double isi_mean_ms = std::numeric_limits<double>::quiet_NaN();
  double isi_cv = std::numeric_limits<double>::quiet_NaN();
};

/// The populations under /spikes, sorted; empty if there is none.
std::vector<std::string> spike_populations(const h5::File& file);

/// Neurons as the file says, or if it doesn't, the largest id + 1. Reads block by block.
std::uint64_t population_size(const h5::File& file, const std::string& population);

/// Reads block by block; the memory grows with the neurons that fired, not with the spikes. Only a file that
/// is not sorted is read into memory for its intervals, or if it is very large does without them. Throws
/// Error (configuration) if there is no such population.
PopulationStatistics population_statistics(const h5::File& file, const std::string& population);

/// An aligned table with a heading, and below it what the figures are.
std::string render_populations(std::span<const PopulationStatistics> populations);
nlohmann::json to_json(const PopulationStatistics& statistics);

}  // namespace shallows
