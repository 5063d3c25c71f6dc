#include "sim/core/synapses.hpp"

namespace shallows {

std::vector<std::uint32_t> Synapses::fan_out() const {
  std::vector<std::uint32_t> count(source_count, 0);
  for (const NeuronId source : sources) ++count[source];
  return count;
}

}  // namespace shallows
