// Networks that are trained and tested in memory, for figures that take many of them.
#pragma once

#include <optional>
#include <string>

#include "encoders/image.hpp"
#include "experiments/config/config.hpp"
#include "experiments/data/dataset.hpp"
#include "experiments/run/network.hpp"
#include "experiments/study/finished_runs.hpp"

namespace shallows {

/// Shows the images as config.training says, config.seed giving their order. Throws Error (network) if the
/// network diverges or its readout dies.
void train_on(Network& network, const Config& config, const ImageSet& images);

/// Percent of the images, of the first config.test_images of them if that is not 0.
double accuracy_on(const Network& network, const Config& config, const ImageSet& images);

/// Runs on one data set, one after the other. Those that are in `finished` are not done again; a bank that
/// has to be learned is learned once for runs in a row that share it.
class ShortRuns {
 public:
  /// All arguments must outlive it; `judged` gives the accuracy.
  ShortRuns(const Dataset& dataset, const ImageSet& judged, FinishedRuns& finished)
      : dataset_(dataset), judged_(judged), finished_(finished) {}

  /// Throws what making, training and testing the network throws.
  RunFigures figures(const Config& config);

 private:
  const std::optional<ReceptiveFields>& bank(const Config& config);

  const Dataset& dataset_;
  const ImageSet& judged_;
  FinishedRuns& finished_;
  std::string bank_settings_;
  std::optional<ReceptiveFields> bank_;
};

}  // namespace shallows
