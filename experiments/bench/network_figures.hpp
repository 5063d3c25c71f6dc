// The whole spiking network, training and testing.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "experiments/bench/workload.hpp"

namespace shallows {

/// Milliseconds per presentation, by number of threads (one, and `threads`), for training with the hidden
/// layer's spikes recorded and without, and for testing; the speed-ups.
nlohmann::json network_figures(const Workload& work, const ImageSet& images, std::size_t count,
                               std::uint64_t threads);

}  // namespace shallows
