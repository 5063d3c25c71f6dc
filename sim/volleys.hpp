// The spikes of a fast layer as its blocks produce them, and their way into one train.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/packed_synapses.hpp"
#include "sim/spike_train.hpp"

namespace shallows {

/// Spikes of one block in the order of arrival: each is kBlockLanes times the index of the arrival that
/// caused it (of the last one of its instant), plus the lane.
using BlockSpikes = std::vector<std::uint32_t>;

/// Arrivals that can be told apart in BlockSpikes.
inline constexpr std::size_t kMostArrivals = (std::size_t{1} << 32) / kBlockLanes;

/// Neurons of one block that spike at the same arrival, a volley: bit l of lanes[k] is the block's neuron l,
/// arrival[entry[k]] the arrival.
struct Volleys {
  std::span<const std::uint64_t> lanes;  ///< at most 65536
  const std::uint16_t* entry;
  const std::uint32_t* arrival;
};

/// Adds the spikes of the volleys. `scratch` has room for volleys.lanes.size() + kBitListSlack indices.
void append_volleys(const Volleys& volleys, std::uint16_t* scratch, BlockSpikes& spikes);

/// Makes one train of the spikes of all blocks; arrival k is at times[k].
void order_spikes(std::span<const TimeMs> times, std::span<const BlockSpikes> blocks, SpikeTrain& spikes);

}  // namespace shallows
