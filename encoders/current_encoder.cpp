#include "encoders/current_encoder.hpp"

#include <cassert>
#include <utility>

namespace shallows {

Fields<InputParams> InputParams::fields() {
  return {
      field("gain_mV", &InputParams::gain_mV, "mV",
            "drive of an input neuron: gain * (pixel / 255 - mean) + bias", non_negative(kLargestVoltage)),
      field("bias_mV", &InputParams::bias_mV, "mV", "constant part of the drive of the input neurons",
            voltage())};
}

CurrentEncoder::CurrentEncoder(const InputParams& input, const LifParams& neuron,
                               std::vector<double> thresholds_mV)
    : input_(input), neuron_(neuron), thresholds_mV_(std::move(thresholds_mV)) {}

void CurrentEncoder::encode(const Image& image, TimeMs duration, State& state, SpikeTrain& train) const {
  assert(image.pixels.size() == size() && state.size() == size());
  thread_local std::vector<float> pixels;
  thread_local std::vector<TimeMs> times;
  thread_local std::vector<NeuronId> sources;
  pixels.resize(size());
  image.centered(pixels);
  times.clear();
  sources.clear();
  for (NeuronId j = 0; j < size(); ++j) {
    const double drive = input_.gain_mV * static_cast<double>(pixels[j]) + input_.bias_mV;
    lif::periodic_train(neuron_, drive, thresholds_mV_[j], duration, state[j], times);
    sources.resize(times.size(), j);
  }
  train.assign_unsorted(times, sources, duration);
}

}  // namespace shallows
