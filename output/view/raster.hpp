// The spikes of one trial, population above population, on one time axis.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "output/h5/h5.hpp"
#include "output/plot/text_chart.hpp"
#include "output/record/trials.hpp"

namespace shallows {

struct RasterLayer {
  std::string population = {};
  std::uint64_t neurons = 0;
  bool recorded = true;
  std::vector<double> times_ms = {};    ///< from the trial's start
  std::vector<std::uint64_t> ids = {};  ///< as many
};

struct RasterStyle {
  std::size_t width = 100;  ///< characters, all in all
  std::size_t rows = 12;    ///< most characters in height of a layer
  Glyphs glyphs = Glyphs::unicode;
};

/// The layers of one trial, in the order of `populations`, or if that is empty of all in the file: small ones
/// last, as in a feed-forward network.
std::vector<RasterLayer> read_raster(const h5::File& file, std::uint64_t trial,
                                     std::span<const std::string> populations);

/// A neuron has a line of dots, or a line of characters in a layer of up to `rows` neurons. Of a larger layer
/// than has room, neurons that fired are shown, evenly chosen; each layer's heading says so. Neuron 0 is at
/// the top.
std::string render_raster(std::span<const RasterLayer> layers, double duration_ms, const RasterStyle& style);

}  // namespace shallows
