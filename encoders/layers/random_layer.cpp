#include "encoders/layers/random_layer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "sim/core/error.hpp"
#include "sim/core/rng.hpp"

namespace shallows {
namespace {

bool is_full(const RandomLayerParams& params, ImageShape images) {
  return params.patch == 0 || (params.patch == images.height && params.patch == images.width);
}

/// The neurons whose places lie in the patch, ascending.
std::vector<NeuronId> inside(std::span<const Place> places, PatchPosition corner, std::size_t patch) {
  const auto within = [&](double at, std::size_t first) {
    // Places are centres, so half a pixel more on each side takes in those of pixels.
    return at >= static_cast<double>(first) - 0.5 && at < static_cast<double>(first + patch) - 0.5;
  };
  std::vector<NeuronId> neurons;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (within(places[i].row, corner.row) && within(places[i].column, corner.column))
      neurons.push_back(static_cast<NeuronId>(i));
  }
  return neurons;
}

}  // namespace

Fields<RandomLayerParams> RandomLayerParams::fields() {
  return {
      field("size", &RandomLayerParams::size, "", "number of neurons", CountDomain{1, 1'000'000}),
      field("patch", &RandomLayerParams::patch, "pixels",
            "a neuron sees those of the layer below whose receptive fields have their centres in a square "
            "of this side; 0: all",
            CountDomain{0, 4096}),
      field("scale", &RandomLayerParams::scale, "mV if spiking",
            "standard deviation of a weight times root of the number of synapses",
            non_negative(kLargestVoltage)),
      distribution_field("distribution", &RandomLayerParams::distribution)};
}

void RandomLayer::set_defaults(Params& params, Unit unit) {
  params.scale = unit == Unit::millivolt ? 60.0 : 1.4;
}

std::optional<Problem> RandomLayer::problem(const Params& params, const ImageShape* images) {
  if (images == nullptr || (params.patch <= images->height && params.patch <= images->width))
    return std::nullopt;
  return Problem{"patch = " + std::to_string(params.patch) + " is larger than one side of the images", "",
                 "choose at most the smaller side, or 0 for all"};
}

Projection RandomLayer::make(const Params& params, const LayerSource& source) {
  const bool full = is_full(params, source.images);
  std::vector<PatchPosition> drawn(params.size, PatchPosition{0, 0});
  if (!full) {
    Rng rng(source.seed, Purpose::receptive_field_position, source.layer);
    for (PatchPosition& corner : drawn) {
      const auto offset = [&](std::size_t side) {
        return static_cast<std::uint16_t>(rng.integer(static_cast<std::uint32_t>(side - params.patch + 1)));
      };
      corner.row = offset(source.images.height);
      corner.column = offset(source.images.width);
    }
  }
  const std::size_t most = std::numeric_limits<std::uint32_t>::max();
  if (full && source.below.size() > most / params.size) {
    throw Error(ErrorKind::configuration, "hidden layer " + std::to_string(source.layer) +
                                              " would have more than 2^32 synapses; lower its size");
  }
  Projection layer;
  layer.synapses.source_count = source.below.size();
  std::vector<NeuronId> all(source.below.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<NeuronId>(i);
  for (const std::size_t i : locality_order(drawn)) {
    const std::vector<NeuronId> seen = full ? all : inside(source.below, drawn[i], params.patch);
    if (seen.empty()) {
      throw Error(ErrorKind::configuration,
                  "a neuron of hidden layer " + std::to_string(source.layer) +
                      " sees none of the layer below (no receptive field there has its centre in the patch "
                      "of side " +
                      std::to_string(params.patch) + "); raise the patch, or the size of the layer below");
    }
    Rng rng(source.seed, Purpose::upper_layer_weight, (source.layer << 32U) + i);
    const double deviation = params.scale / std::sqrt(static_cast<double>(seen.size()));
    for (const NeuronId neuron : seen) {
      layer.synapses.sources.push_back(neuron);
      layer.synapses.weights_mV.push_back(
          static_cast<float>(deviation * draw_weight(params.distribution, rng)));
    }
    layer.synapses.offsets.push_back(static_cast<std::uint32_t>(layer.synapses.sources.size()));
    const std::size_t height = full ? source.images.height : params.patch;
    const std::size_t width = full ? source.images.width : params.patch;
    layer.places.push_back({centre_of(drawn[i].row, height), centre_of(drawn[i].column, width)});
  }
  return layer;
}

}  // namespace shallows
