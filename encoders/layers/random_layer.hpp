// A layer of neurons with Gaussian weights.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "encoders/layers/upper_layer.hpp"
#include "encoders/weight_distribution.hpp"
#include "sim/core/problem.hpp"

namespace shallows {

struct RandomLayerParams {
  std::size_t size = 1000;
  std::size_t patch = 0;
  /// Weights ~ N(0, 1) * scale / sqrt(number of synapses of the neuron), in mV for a spiking network.
  double scale = 1.0;
  WeightDistribution distribution = WeightDistribution::normal;

  static Fields<RandomLayerParams> fields();
};

struct RandomLayer {
  using Params = RandomLayerParams;
  static constexpr std::string_view name = "random";
  static constexpr std::string_view abbreviation = "rp";
  static constexpr std::string_view about =
      "Gaussian weights from all neurons below, or from those in a patch at a random position";

  static void set_defaults(Params& params, Unit unit);
  static std::optional<Problem> problem(const Params& params, const ImageShape* images);
  /// Throws Error (configuration) if a neuron would see none.
  static Projection make(const Params& params, const LayerSource& source);
};

}  // namespace shallows
