// The hidden layer alone, on one thread.
#pragma once

#include <nlohmann/json.hpp>

#include "experiments/bench/workload.hpp"

namespace shallows {

/// Time and counts per presentation for the fast and the reference engine, stages, distance to the ceiling.
nlohmann::json layer_figures(const Workload& work);

/// One row for each size: hidden, patch, events, ns_per_event, bytes (weights and tables of the layer).
nlohmann::json growth_figures(const ImageSet& images);

}  // namespace shallows
