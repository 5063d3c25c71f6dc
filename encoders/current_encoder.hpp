// The input population: one LIF neuron per pixel, driven by a constant current (Illing et al. 2019; fact
// sheet, section 7.2). Its spike trains are periodic, so they are written down in closed form.
#pragma once

#include <cstddef>
#include <vector>

#include "encoders/image.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/spike_train.hpp"
#include "sim/neurons/lif.hpp"

namespace shallows {

/// Input neuron j is driven by I_j = gain * (x_j - mean_j) + bias, with x in [0, 1]. A pixel below its mean
/// is silent.
struct InputParams {
  double gain_mV = 500.0;
  double bias_mV = 20.0;

  static Fields<InputParams> fields();
};

class CurrentEncoder {
 public:
  using State = std::vector<LifState>;

  /// One threshold per pixel, each above the reset.
  CurrentEncoder(const InputParams& input, const LifParams& neuron, std::vector<double> thresholds_mV);

  std::size_t size() const { return thresholds_mV_.size(); }
  const std::vector<double>& thresholds_mV() const { return thresholds_mV_; }

  /// The spikes in [0, duration) while the image is shown; `state` moves from 0 to `duration`.
  void encode(const Image& image, TimeMs duration, State& state, SpikeTrain& train) const;

 private:
  InputParams input_;
  LifParams neuron_;
  std::vector<double> thresholds_mV_;
};

}  // namespace shallows
