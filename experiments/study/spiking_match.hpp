// The spiking reading of the match against the distance version: the same images, rows and order.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "experiments/config/config.hpp"
#include "experiments/data/dataset.hpp"

namespace shallows {

struct MatchPoint {
  std::uint64_t max_neurons;
  std::string match;            ///< "l2", "cosine", "first spike" or "most spikes"
  double accuracy;              ///< percent of the test images
  double input_spikes = 0.0;    ///< per test image
  double row_spikes = 0.0;      ///< per test image
  double first_spike_ms = 0.0;  ///< mean over the test images
  double seconds;               ///< of training and testing
};

/// For each number of rows, `told` hears of every point. Throws Error (configuration) if the model is no
/// memory of pixels.
std::vector<MatchPoint> spiking_match(const Config& config, const Dataset& dataset,
                                      const std::vector<std::uint64_t>& values,
                                      const std::function<void(const MatchPoint&)>& told);

/// One line for each point.
std::string match_csv(const std::vector<MatchPoint>& points);
std::string match_svg(const std::vector<MatchPoint>& points, const std::string& title);

}  // namespace shallows
