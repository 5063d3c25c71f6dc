// Two LIF neurons with a synapse each: the stronger one fires its neuron.
#include <cstdio>
#include <vector>

#include "sim/layer/lif_layer.hpp"

int main() {
  const shallows::Synapses one_to_one{
      .source_count = 2, .offsets = {0, 1, 2}, .sources = {0, 1}, .weights_mV = {25.0F, 5.0F}};
  const shallows::LifLayer<double> layer(one_to_one, {}, {20.0, 20.0}, {0.0, 0.0});
  auto state = layer.initial_state(std::vector<double>{0.0, 0.0});
  shallows::SpikeTrain arrivals, spikes;
  arrivals.append(1.5, 0);
  arrivals.append(2.5, 1);
  layer.run(arrivals, 10.0, state, spikes);
  for (std::size_t k = 0; k < spikes.size(); ++k)
    std::printf("%u at %g ms\n", spikes[k].source, spikes[k].time);
}
