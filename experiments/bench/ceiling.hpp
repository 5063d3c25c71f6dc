// What a core could do at best: the bare arithmetic of synaptic events.
#pragma once

namespace shallows {

/// Lanes per second of one fused multiply-add and one compare with a broadcast, on weights that stay in the
/// first-level cache, with the widest vectors of this machine: no lists, no resets, no spikes to write down.
double ceiling_lanes_per_second();

}  // namespace shallows
