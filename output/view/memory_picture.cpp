#include "output/view/memory_picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "output/record/stored_memory.hpp"
#include "sim/core/error.hpp"

namespace shallows {
namespace {

constexpr std::size_t kGap = 1;           // pixels between tiles
constexpr std::uint8_t kBackground = 64;  // darker than most digits, lighter than their ground

struct Tiles {
  std::size_t height;
  std::size_t width;
  std::size_t channels;
  std::vector<std::vector<std::vector<float>>> bands;  // [class][row]
};

/// The numbers of the class's rows, most used first.
std::vector<std::size_t> most_used(const std::vector<std::uint8_t>& labels,
                                   const std::vector<std::uint32_t>& counters, std::size_t label) {
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] == label) rows.push_back(row);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [&](std::size_t a, std::size_t b) { return counters[a] > counters[b]; });
  return rows;
}

void add_bands(const h5::File& file, const StoredMemory& stored, std::size_t classes, std::size_t per_class,
               Tiles& tiles) {
  const h5::Shape shape = file.shape(stored.rows);
  if (shape.size() != 2 || shape[1] != tiles.height * tiles.width * tiles.channels) {
    throw Error(
        ErrorKind::configuration,
        fmt::format("can't draw the rows of '{}' (they hold responses of receptive fields, not pixels); "
                    "draw those of a memory of pixels",
                    file.path()));
  }
  const auto labels = file.read<std::uint8_t>(stored.labels, {shape[0]});
  const auto counters = file.read<std::uint32_t>(stored.counters, {shape[0]});
  for (std::size_t label = 0; label < classes; ++label) {
    std::vector<std::size_t> rows = most_used(labels, counters, label);
    rows.resize(std::min(rows.size(), per_class));
    auto& band = tiles.bands.emplace_back();
    for (const std::size_t row : rows) band.push_back(file.read_rows<float>(stored.rows, row, 1));
  }
}

void draw(const std::vector<float>& values, const Tiles& tiles, std::size_t top, std::size_t left,
          Picture& picture) {
  const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
  const bool scaled = *lowest < 0.0F || *highest > 1.0F;
  const float base = scaled ? *lowest : 0.0F;
  const float range = scaled ? std::max(*highest - *lowest, 1e-12F) : 1.0F;
  for (std::size_t channel = 0; channel < tiles.channels; ++channel) {
    for (std::size_t row = 0; row < tiles.height; ++row) {
      for (std::size_t column = 0; column < tiles.width; ++column) {
        const float value = values[(channel * tiles.height + row) * tiles.width + column];
        picture.at(top + row, left + column, channel) =
            static_cast<std::uint8_t>(std::lround(255.0F * (value - base) / range));
      }
    }
  }
}

}  // namespace

Picture memory_picture(const h5::File& file, std::size_t per_class) {
  const std::size_t memories = stored_memories(file);
  if (memories == 0) {
    throw Error(
        ErrorKind::configuration,
        fmt::format("can't draw the rows of '{}' (it holds no memory network); give a run with model = "
                    "\"memory\"",
                    file.path()));
  }
  const auto shape = file.read<std::uint32_t>("/network/image_shape", {3});
  const std::size_t classes = file.read<std::uint32_t>("/network/class_count", {1})[0];
  const std::size_t channels = memories == 1 ? shape[2] : 1;
  Tiles tiles{.height = shape[0], .width = shape[1], .channels = channels, .bands = {}};
  for (std::size_t m = 0; m < memories; ++m)
    add_bands(file, StoredMemory(m, memories), classes, per_class, tiles);
  if (tiles.channels != 1 && tiles.channels != 3) {
    throw Error(
        ErrorKind::configuration,
        fmt::format("can't draw the rows of '{}' (its images have {} channels); only grey and RGB can "
                    "be drawn",
                    file.path(), tiles.channels));
  }
  std::size_t longest = 1;
  for (const auto& band : tiles.bands) longest = std::max(longest, band.size());
  Picture picture(tiles.bands.size() * (tiles.height + kGap) + kGap, longest * (tiles.width + kGap) + kGap,
                  tiles.channels, kBackground);
  for (std::size_t b = 0; b < tiles.bands.size(); ++b) {
    for (std::size_t k = 0; k < tiles.bands[b].size(); ++k) {
      draw(tiles.bands[b][k], tiles, kGap + b * (tiles.height + kGap), kGap + k * (tiles.width + kGap),
           picture);
    }
  }
  return picture;
}

}  // namespace shallows
