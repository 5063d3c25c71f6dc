// A hidden layer above the first one: which neurons of the population below each of its neurons sees. Every
// population has places in the image, the centres of what its neurons see there, so that layers may be local,
// too. A kind of layer is an entry of the list in encoders/layers/upper_layers.hpp:
//
//     struct MyLayer {
//       using Params = MyParams;                       // with fields()
//       static constexpr std::string_view name = "my", abbreviation = "my", about = "...";
//       static Projection make(const Params&, const LayerSource&);
//       // Optional: defaults in mV or without unit; what makes it impossible (for these images, if not
//       null). static void set_defaults(Params&, Unit); static std::optional<Problem> problem(const Params&,
//       const ImageShape*);
//     };
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "encoders/bank.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/synapses.hpp"

namespace shallows {

/// Centre of what a neuron sees of the image, in pixels from the upper left one.
struct Place {
  double row;
  double column;
};

/// The synapses of a layer from the population below it, and where its neurons are.
struct Projection {
  Synapses synapses;
  std::vector<Place> places;  ///< one per neuron
};

/// What an upper layer is made from.
struct LayerSource {
  std::span<const Place> below;  ///< of the population that it sees
  ImageShape images;
  std::uint64_t seed;
  std::uint64_t layer;  ///< 2 is the second hidden layer
};

/// Of the square whose first pixel along one axis this is.
inline double centre_of(std::size_t first, std::size_t side) {
  return static_cast<double>(first) + (static_cast<double>(side) - 1.0) / 2.0;
}

inline std::vector<Place> places_of(const ReceptiveFields& bank) {
  std::vector<Place> places;
  for (const PatchPosition p : bank.positions())
    places.push_back({centre_of(p.row, bank.patch()), centre_of(p.column, bank.patch())});
  return places;
}

}  // namespace shallows
