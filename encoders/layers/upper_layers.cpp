#include "encoders/layers/upper_layers.hpp"

#include <string>
#include <utility>

#include "sim/core/chosen_fields.hpp"

namespace shallows {
namespace {

/// What use.operator()<Entry>(params) gives for the layer that is chosen.
template <class Choice, class Use>
decltype(auto) with_layer(Choice& kind, Use&& use) {
  return with_chosen(UpperLayers(), kind.index(), [&]<class Entry>() {
    return use.template operator()<Entry>(std::get<typename Entry::Params>(kind));
  });
}

}  // namespace

Fields<UpperLayer> UpperLayer::fields() {
  // Named first: GCC 12 fails on the aggregate's initialisers if the next line is the first to need them.
  using Key [[maybe_unused]] = decltype(Field<UpperLayer>{});
  return chosen_fields<UpperLayers>("kind", &UpperLayer::kind, "layer",
                                    "synapses from the hidden layer below", "");
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
