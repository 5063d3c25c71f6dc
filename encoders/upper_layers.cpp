#include "encoders/upper_layers.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "sim/core/chosen_fields.hpp"
#include "sim/core/error.hpp"
#include "sim/core/rng.hpp"

namespace shallows {
namespace {

double centre_of(std::size_t first, std::size_t patch) {
  return static_cast<double>(first) + (static_cast<double>(patch) - 1.0) / 2.0;
}

bool is_full(const RandomLayerParams& params, ImageShape images) {
  return params.patch == 0 || params.patch >= std::max(images.height, images.width);
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

/// What use.operator()<Entry>(params) gives for the layer that is chosen.
template <class Choice, class Use>
decltype(auto) with_layer(Choice& kind, Use&& use) {
  return with_chosen(UpperLayers(), kind.index(), [&]<class Entry>() {
    return use.template operator()<Entry>(std::get<typename Entry::Params>(kind));
  });
}

}  // namespace

std::vector<Place> places_of(const ReceptiveFields& bank) {
  std::vector<Place> places;
  for (const PatchPosition p : bank.positions())
    places.push_back({centre_of(p.row, bank.patch()), centre_of(p.column, bank.patch())});
  return places;
}

Fields<RandomLayerParams> RandomLayerParams::fields() {
  return {
      field("size", &RandomLayerParams::size, "", "number of neurons", CountDomain{1, 1'000'000}),
      field("patch", &RandomLayerParams::patch, "pixels",
            "a neuron sees those of the layer below whose receptive fields have their centres in a square "
            "of this side; 0: all",
            CountDomain{0, 4096}),
      field("scale", &RandomLayerParams::scale, "mV if spiking",
            "standard deviation of a weight times root of the number of synapses",
            positive(kLargestVoltage))};
}

Fields<UpperLayer> UpperLayer::fields() {
  return chosen_fields<UpperLayers>("kind", &UpperLayer::kind, "layer",
                                    "synapses from the hidden layer below", "");
}

void RandomLayer::set_defaults(Params& params, Unit unit) {
  params.scale = unit == Unit::millivolt ? 60.0 : 1.4;
}

std::optional<Problem> RandomLayer::problem(const Params& params, const ImageShape* images) {
  if (images == nullptr || is_full(params, *images) ||
      (params.patch <= images->height && params.patch <= images->width))
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
      layer.synapses.weights_mV.push_back(static_cast<float>(deviation * rng.normal()));
    }
    layer.synapses.offsets.push_back(static_cast<std::uint32_t>(layer.synapses.sources.size()));
    const std::size_t height = full ? source.images.height : params.patch;
    const std::size_t width = full ? source.images.width : params.patch;
    layer.places.push_back({centre_of(drawn[i].row, height), centre_of(drawn[i].column, width)});
  }
  return layer;
}

std::string layer_name(std::size_t layer) { return layer == 1 ? "hidden" : "hidden" + std::to_string(layer); }

std::string abbreviation_of(const UpperLayer& layer) {
  return with_layer(layer.kind, []<class Entry>(const auto&) { return std::string(Entry::abbreviation); });
}

std::optional<Problem> layer_problem(const UpperLayer& layer, const ImageShape* images) {
  return with_layer(layer.kind, [&]<class Entry>(const auto& params) -> std::optional<Problem> {
    if constexpr (requires { Entry::problem(params, images); }) return Entry::problem(params, images);
    return std::nullopt;
  });
}

void set_layer_defaults(UpperLayer& layer, Unit unit) {
  with_layer(layer.kind, [&]<class Entry>(auto& params) {
    if constexpr (requires { Entry::set_defaults(params, unit); }) Entry::set_defaults(params, unit);
  });
}

std::vector<Projection> make_upper_layers(std::span<const UpperLayer> layers, std::vector<Place> first,
                                          ImageShape images, std::uint64_t seed) {
  std::vector<Projection> made;
  for (std::size_t l = 0; l < layers.size() && layers[l].exists(); ++l) {
    const LayerSource source{.below = made.empty() ? std::span<const Place>(first) : made.back().places,
                             .images = images,
                             .seed = seed,
                             .layer = l + 2};
    with_layer(layers[l].kind, [&]<class Entry>(const auto& params) {
      if constexpr (requires { Entry::make(params, source); }) made.push_back(Entry::make(params, source));
    });
  }
  return made;
}

}  // namespace shallows
