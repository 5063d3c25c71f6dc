#include "encoders/mosaic.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace shallows {
namespace {

/// The filter as [row][column][channel] of the picture, from -1 to 1.
std::vector<double> shown_filter(const ReceptiveFields& bank, std::size_t i, std::size_t channels) {
  const std::size_t area = bank.patch() * bank.patch();
  const std::size_t own = bank.shape().channels;
  const auto filter = bank.filter(i);
  std::vector<double> values(area * channels, 0.0);
  for (std::size_t channel = 0; channel < own; ++channel) {
    for (std::size_t k = 0; k < area; ++k) {
      const auto weight = static_cast<double>(filter[channel * area + k]);
      values[k * channels + (channels == own ? channel : 0)] +=
          channels == own ? weight : weight / static_cast<double>(own);
    }
  }
  double largest = 0.0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  for (double& value : values) value /= largest > 0.0 ? largest : 1.0;
  return values;
}

}  // namespace

Mosaic mosaic(const ReceptiveFields& bank, std::size_t most, std::size_t zoom) {
  assert(bank.size() > 0 && most > 0 && zoom > 0);
  const std::size_t count = std::min(most, bank.size());
  const auto columns = static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(count))));
  const std::size_t rows = (count + columns - 1) / columns;
  const std::size_t cell = bank.patch() * zoom + 1;
  Mosaic picture{.width = columns * cell + 1,
                 .height = rows * cell + 1,
                 .channels = bank.shape().channels == 3 ? std::size_t{3} : std::size_t{1},
                 .pixels = {}};
  picture.pixels.assign(picture.width * picture.height * picture.channels, 0);
  for (std::size_t shown = 0; shown < count; ++shown) {
    const std::vector<double> values = shown_filter(bank, shown * bank.size() / count, picture.channels);
    const std::size_t top = shown / columns * cell + 1;
    const std::size_t left = shown % columns * cell + 1;
    for (std::size_t y = 0; y + 1 < cell; ++y) {
      for (std::size_t x = 0; x + 1 < cell; ++x) {
        const std::size_t from = (y / zoom * bank.patch() + x / zoom) * picture.channels;
        const std::size_t to = ((top + y) * picture.width + left + x) * picture.channels;
        for (std::size_t channel = 0; channel < picture.channels; ++channel) {
          picture.pixels[to + channel] =
              static_cast<std::uint8_t>(std::lround(127.5 + 127.5 * values[from + channel]));
        }
      }
    }
  }
  return picture;
}

}  // namespace shallows
