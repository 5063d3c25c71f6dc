#include "encoders/fixed_fields.hpp"

#include <cassert>
#include <cmath>
#include <numbers>
#include <utility>

#include "sim/core/rng.hpp"

namespace shallows {
namespace {

constexpr double kTwoPi = 2.0 * std::numbers::pi;

struct Gabor {
  double wavelength;
  double orientation;
  double phase;
  double sigma;
};

Gabor draw_gabor(GaborRanges ranges, double patch, Rng& rng) {
  const double orientation = rng.uniform(0.0, kTwoPi);
  switch (ranges) {
    case GaborRanges::broad:
      return {.wavelength = rng.uniform(patch / 4.0, 2.0 * patch),
              .orientation = orientation,
              .phase = rng.uniform(0.0, kTwoPi),
              .sigma = rng.uniform(patch / 8.0, patch)};
    case GaborRanges::tuned:
      return {.wavelength = rng.uniform(4.6, 10.3),
              .orientation = orientation,
              .phase = rng.uniform(0.0, 4.8),
              .sigma = rng.uniform(3.8, 5.0)};
    case GaborRanges::tuned_cifar10:
      return {.wavelength = rng.uniform(2.9, 10.1),
              .orientation = orientation,
              .phase = rng.uniform(0.0, 5.4),
              .sigma = rng.uniform(2.9, 24.0)};
  }
  return {};  // not reached: every enumerator returns above
}

/// One channel's patch with L1 norm `scale`, row by row.
std::vector<float> gabor_patch(const Gabor& gabor, std::size_t patch, double scale) {
  const double centre = (static_cast<double>(patch) - 1.0) / 2.0;
  std::vector<double> values;
  double l1 = 0.0;
  for (std::size_t row = 0; row < patch; ++row) {
    for (std::size_t column = 0; column < patch; ++column) {
      const double x = static_cast<double>(row) - centre;
      const double y = static_cast<double>(column) - centre;
      const double along = std::cos(gabor.orientation) * x + std::sin(gabor.orientation) * y;
      const double across = -std::sin(gabor.orientation) * x + std::cos(gabor.orientation) * y;
      const double envelope =
          std::exp(-(along * along + across * across) / (2.0 * gabor.sigma * gabor.sigma));
      values.push_back(envelope * std::cos(kTwoPi * along / gabor.wavelength + gabor.phase));
      l1 += std::abs(values.back());
    }
  }
  std::vector<float> weights;
  for (const double value : values)
    weights.push_back(l1 > 0.0 ? static_cast<float>(scale * value / l1) : 0.0F);
  return weights;
}

/// The factors of the channels, drawn after the Gabor, which is the same for both kinds of colour.
std::vector<double> draw_colour(GaborColour colour, std::size_t channels, Rng& rng) {
  std::vector<double> factors(channels, 1.0);
  if (colour == GaborColour::blind) return factors;
  double l1 = 0.0;
  for (double& factor : factors) {
    factor = rng.normal();
    l1 += std::abs(factor);
  }
  for (double& factor : factors) factor *= static_cast<double>(channels) / l1;
  return factors;
}

/// Of the weights of a random bank.
double random_deviation(const FixedFieldsParams& params, ImageShape shape) {
  const auto patch = static_cast<double>(params.patch);
  const double deviation = params.scale / (std::sqrt(static_cast<double>(shape.channels)) * patch);
  if (!params.cubed_colour_scale) return deviation;
  const double ratio = std::sqrt(static_cast<double>(shape.height * shape.width)) / patch;
  return deviation * std::pow(ratio, static_cast<double>(shape.channels) - 1.0);
}

/// All channels of filter i.
std::vector<float> draw_filter(const FixedFieldsParams& params, ImageShape shape, Rng& rng) {
  const std::size_t channels = shape.channels;
  std::vector<float> filter;
  if (params.kind == FieldKind::gabor) {
    const Gabor gabor = draw_gabor(params.gabor_ranges, static_cast<double>(params.patch), rng);
    const std::vector<float> patch = gabor_patch(gabor, params.patch, params.scale);
    for (const double factor : draw_colour(params.gabor_colour, channels, rng)) {
      for (const float weight : patch)
        filter.push_back(static_cast<float>(factor * static_cast<double>(weight)));
    }
    return filter;
  }
  const double deviation = random_deviation(params, shape);
  for (std::size_t k = 0; k < channels * params.patch * params.patch; ++k) {
    filter.push_back(static_cast<float>(deviation * rng.normal()));
  }
  return filter;
}

}  // namespace

ReceptiveFields make_fixed_fields(const FixedFieldsParams& params, ImageShape shape, std::uint64_t seed) {
  assert(is_fixed(params.kind));
  assert(params.patch >= 1 && params.patch <= shape.height && params.patch <= shape.width);
  Rng rng(seed, Purpose::receptive_field_position, 0);
  std::vector<PatchPosition> drawn;
  for (std::size_t i = 0; i < params.size; ++i) {
    const auto offset = [&](std::size_t side) {
      return static_cast<std::uint16_t>(rng.integer(static_cast<std::uint32_t>(side - params.patch + 1)));
    };
    const std::uint16_t row = offset(shape.height);
    const std::uint16_t column = offset(shape.width);
    drawn.push_back({row, column});
  }
  std::vector<PatchPosition> positions;
  std::vector<float> filters;
  filters.reserve(params.size * shape.channels * params.patch * params.patch);
  for (const std::size_t i : locality_order(drawn)) {
    positions.push_back(drawn[i]);
    Rng shape_rng(seed, Purpose::receptive_field_shape, i);
    const std::vector<float> filter = draw_filter(params, shape, shape_rng);
    filters.insert(filters.end(), filter.begin(), filter.end());
  }
  return {shape, params.patch, std::move(positions), std::move(filters)};
}

}  // namespace shallows
