// Hidden layers above the first one: which neurons of the population below each of their neurons sees. Every
// population has places in the image, the centres of what its neurons see there, so that layers may be local,
// too. The list is open: an entry has
//
//     struct MyLayer {
//       using Params = MyParams;                       // with fields()
//       static constexpr std::string_view name = "my", abbreviation = "my", about = "...";
//       static void set_defaults(Params&, Unit);
//       static std::optional<Problem> problem(const Params&, const ImageShape*);
//       static Projection make(const Params&, const LayerSource&);
//     };
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "encoders/bank.hpp"
#include "sim/core/fields.hpp"
#include "sim/core/list.hpp"
#include "sim/core/problem.hpp"
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

std::vector<Place> places_of(const ReceptiveFields& bank);

/// There is no such layer.
struct NoLayer {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "none";
  static constexpr std::string_view abbreviation = "";
  static constexpr std::string_view about = "there is no such layer";
};

struct RandomLayerParams {
  std::size_t size = 1000;
  std::size_t patch = 0;
  /// Weights ~ N(0, 1) * scale / sqrt(number of synapses of the neuron), in mV for a spiking network.
  double scale = 1.0;

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

using UpperLayers = List<NoLayer, RandomLayer>;
using UpperLayerChoice = UpperLayers::Chosen;

/// An upper layer as a configuration has it.
struct UpperLayer {
  UpperLayerChoice kind = {};

  static Fields<UpperLayer> fields();
  bool exists() const { return !std::holds_alternative<NoLayer::Params>(kind); }
};

/// Hidden layers above the first one.
inline constexpr std::size_t kMostUpperLayers = 7;

/// The name of hidden layer 1, 2, ... and of its population: "hidden", "hidden2", ....
std::string layer_name(std::size_t layer);

std::string abbreviation_of(const UpperLayer& layer);
/// In terms of the layer's fields.
std::optional<Problem> layer_problem(const UpperLayer& layer, const ImageShape* images);
void set_layer_defaults(UpperLayer& layer, Unit unit);
/// The layers that exist, one on the other. Same bits on any number of threads.
std::vector<Projection> make_upper_layers(std::span<const UpperLayer> layers, std::vector<Place> first,
                                          ImageShape images, std::uint64_t seed);

}  // namespace shallows
