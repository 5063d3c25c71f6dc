// The spikes of a fast layer as its blocks produce them, and their way into one train.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/core/spike_train.hpp"
#include "sim/layer/packed_synapses.hpp"

namespace shallows {

/// Spikes of one block: each is kBlockLanes times the index of the arrival that caused it, plus the lane.
/// Those of one arrival are in the order of their lanes.
using BlockSpikes = std::vector<std::uint32_t>;

/// Spikes of a layer before they are one train.
struct UnorderedSpikes {
  std::vector<BlockSpikes> blocks;
  /// instant[k] is the last arrival at the time of arrival k; empty if all times differ.
  std::vector<std::uint32_t> instant;
};

/// Arrivals that can be told apart in BlockSpikes.
inline constexpr std::size_t kMostArrivals = (std::size_t{1} << 32) / kBlockLanes;

/// For each time the index of the last one that equals it; nothing if no two are equal.
void find_last_of_instants(std::span<const TimeMs> times, std::vector<std::uint32_t>& last);

/// Elements behind the volleys that vector code may read and write.
inline constexpr std::size_t kVolleySlack = 64;

/// Neurons of one block that spike at the same arrival, a volley: bit l of lanes[k] is the block's neuron l,
/// first_arrival + arrival[entry[k]] the arrival. Most volleys are empty. There are kVolleySlack elements
/// more of `lanes` and `entry`.
struct Volleys {
  std::span<std::uint64_t> lanes;
  const std::uint16_t* entry;
  const std::uint16_t* arrival;
  std::uint32_t first_arrival;
};

/// Working memory of append_volleys(), of any content.
struct VolleyScratch {
  std::vector<std::uint16_t> entry;
  std::vector<std::uint64_t> first_spike;
};

/// Adds the spikes of the volleys, of which `lanes` and its slack are overwritten.
void append_volleys(const Volleys& volleys, VolleyScratch& scratch, BlockSpikes& spikes);

/// Makes one train of the spikes of all blocks; arrival k is at times[k].
void order_spikes(std::span<const TimeMs> times, const UnorderedSpikes& unordered, SpikeTrain& spikes);

}  // namespace shallows
