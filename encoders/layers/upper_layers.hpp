// The list of layers: what a hidden layer above the first one can be. To add a kind is to write its entry
// (encoders/layers/upper_layer.hpp shows its form) and to name it here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "encoders/layers/random_layer.hpp"
#include "encoders/layers/upper_layer.hpp"
#include "sim/core/list.hpp"
#include "sim/core/problem.hpp"

namespace shallows {

/// There is no such layer.
struct NoLayer {
  struct Params {
    static Fields<Params> fields() { return {}; }
  };
  static constexpr std::string_view name = "none";
  static constexpr std::string_view abbreviation = "";
  static constexpr std::string_view about = "there is no such layer";
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
