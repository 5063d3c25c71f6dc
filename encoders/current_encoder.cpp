#include "encoders/current_encoder.hpp"

#include <cassert>
#include <utility>

namespace shallows {

CurrentEncoder::CurrentEncoder(const InputParams& input, const LifParams& neuron,
                               std::vector<double> thresholds_mV)
    : input_(input), neuron_(neuron), thresholds_mV_(std::move(thresholds_mV)) {}

void CurrentEncoder::encode(const Image& image, TimeMs duration, State& state, SpikeTrain& train) const {
  assert(image.pixels.size() == size() && state.size() == size());
  std::vector<float> pixels(size());
  image.centered(pixels);
  std::vector<Spike> spikes;
  std::vector<TimeMs> times;
  for (NeuronId j = 0; j < size(); ++j) {
    const double drive = input_.gain_mV * static_cast<double>(pixels[j]) + input_.bias_mV;
    times.clear();
    lif::periodic_train(neuron_, drive, thresholds_mV_[j], duration, state[j], times);
    for (const TimeMs time : times) spikes.push_back({time, j});
  }
  train.assign_unsorted(spikes, duration);
}

}  // namespace shallows
