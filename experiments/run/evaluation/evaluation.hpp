// Testing: every image from the same state, in parallel, without learning.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "encoders/image.hpp"
#include "experiments/config/config.hpp"
#include "experiments/run/evaluation/record_selection.hpp"
#include "experiments/run/network/network.hpp"
#include "experiments/run/progress.hpp"
#include "experiments/run/tally.hpp"
#include "output/record/spike_recorder.hpp"

namespace shallows {

struct Evaluation {
  Tally tally;
  std::vector<std::uint64_t> confusion;  ///< [label][predicted]
  bool interrupted = false;              ///< by a signal: the figures cover the images before it
};

struct EvaluationPlan {
  Phase phase = Phase::test;
  std::uint64_t images = 0;  ///< the first so many; 0: all
  TimeMs start_ms = 0.0;     ///< when the first trial starts, on the recording's time axis
  Verbosity verbosity = Verbosity::normal;
};

/// The classes of which images were shown and that were never the answer: of a confusion matrix
/// [label][predicted].
std::vector<std::uint32_t> lost_classes(std::span<const std::uint64_t> confusion, std::size_t classes);

/// The network as it answers `set` with hidden.per_set_scale: its bank scaled by what is measured on these
/// images. Throws Error (network) if it answers nothing to them.
Network scaled_for(const Network& network, const Config& config, const ImageSet& set);

/// Shows the images of `set` (to scaled_for(network, config, set), if the configuration says so) and adds one
/// trial for each to `recorder` (unless it is null), with the spikes that `selection` asks for. Throws Error
/// (network) if the network stays silent.
[[nodiscard]] Evaluation evaluate(const Network& network, const Config& config, const ImageSet& set,
                                  const EvaluationPlan& plan, const RecordSelection& selection,
                                  SpikeRecorder* recorder);

/// Percent of the images, of the first config.test_images of them if that is not 0.
double accuracy_on(const Network& network, const Config& config, const ImageSet& images);

/// Throws Error (network) that names the first of the network's populations that never spiked, if there is
/// one. `when` completes "... stayed silent ".
void refuse_silence(const Tally& tally, const std::vector<PopulationInfo>& populations,
                    const std::string& when);

}  // namespace shallows
