// Networks that a run file or checkpoint holds.
#pragma once

#include "experiments/config/config.hpp"
#include "experiments/data/dataset.hpp"
#include "experiments/run/network/network.hpp"
#include "output/record/run_file.hpp"

namespace shallows {

/// Throws Error (checkpoint) that names the settings, if the file's network is trained by other ones.
void require_same_training(const Config& config, const RunReader& reader);

/// The network that a run file or checkpoint holds.
Network restore_network(const Config& config, const RunReader& reader, Restore restore = Restore::everything);

/// The same to go on with other images, classes (a memory may get new ones) and settings of the training.
/// Throws Error (checkpoint) that names the settings that would make another network of it.
Network continue_network(const Config& config, const RunReader& reader, const Dataset& dataset);

}  // namespace shallows
