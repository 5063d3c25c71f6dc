// Accuracy of a memory network over its number of rows, with and without a novelty threshold: figure 2 of
// Ruiz and Gupta (2024), whose 14 values and numbers are not public.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "experiments/config/config.hpp"
#include "experiments/data/dataset.hpp"
#include "experiments/study/finished_runs.hpp"

namespace shallows {

struct NeuronsFigureOptions {
  std::vector<std::uint64_t> values = {10,   20,   50,    100,   200,   500,   1000,
                                       2000, 5000, 10000, 15000, 20000, 30000, 40000};
  std::uint64_t runs = 5;  ///< of each value, with seeds config.seed, config.seed + 1, ...
  double threshold = 0.0;  ///< of the novelty gate
};

struct NeuronsPoint {
  std::uint64_t max_neurons;
  double threshold;                ///< 0: without
  std::vector<double> accuracies;  ///< percent of the test images, one per run
  double rows;                     ///< used, mean over the runs
};

/// `told` hears of every finished point; runs in `finished` are used again. Throws Error (configuration) if
/// the model is no memory.
std::vector<NeuronsPoint> neurons_figure(const Config& config, const Dataset& dataset,
                                         const NeuronsFigureOptions& options, FinishedRuns& finished,
                                         const std::function<void(const NeuronsPoint&)>& told);

/// One line for each point: max_neurons, threshold, rows, mean, deviation, runs, and the accuracies.
std::string neurons_csv(const std::vector<NeuronsPoint>& points);
std::string neurons_svg(const std::vector<NeuronsPoint>& points, const std::string& title);

}  // namespace shallows
