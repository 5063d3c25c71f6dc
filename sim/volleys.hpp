// The spikes of a fast layer as its blocks produce them, and their way into one train.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/spike_train.hpp"

namespace shallows {

/// Neurons of one block that spike at one arrival: bit l of `lanes` is the block's neuron l.
struct Volley {
  std::uint64_t lanes;
  std::uint32_t arrival;  ///< index in the train of arrivals; of the last one of its instant
};

/// Makes one train of the volleys of blocks of kBlockLanes neurons, volleys[block] in the order of arrival;
/// arrival k is at times[k].
void order_volleys(std::span<const TimeMs> times, std::span<const std::vector<Volley>> volleys,
                   SpikeTrain& spikes);

}  // namespace shallows
