#include "encoders/fixed_fields.hpp"

#include <cassert>
#include <cmath>
#include <numbers>
#include <string>
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

double random_deviation(const RandomParams& params, const BankShape& shape, ImageShape images) {
  const auto patch = static_cast<double>(shape.patch);
  const double deviation = shape.scale / (std::sqrt(static_cast<double>(images.channels)) * patch);
  if (!params.cubed_colour_scale) return deviation;
  const double ratio = std::sqrt(static_cast<double>(images.height * images.width)) / patch;
  return deviation * std::pow(ratio, static_cast<double>(images.channels) - 1.0);
}

/// All channels of one filter.
std::vector<float> draw_gabor_filter(const GaborParams& params, const BankShape& shape, ImageShape images,
                                     Rng& rng) {
  const Gabor gabor = draw_gabor(params.gabor_ranges, static_cast<double>(shape.patch), rng);
  const std::vector<float> patch = gabor_patch(gabor, shape.patch, shape.scale);
  std::vector<float> filter;
  for (const double factor : draw_colour(params.gabor_colour, images.channels, rng)) {
    for (const float weight : patch)
      filter.push_back(static_cast<float>(factor * static_cast<double>(weight)));
  }
  return filter;
}

/// A bank of the filters that `draw_filter` draws, each from a stream of its own.
template <class DrawFilter>
ReceptiveFields draw_bank(const BankShape& shape, std::size_t features, ImageShape images, std::uint64_t seed,
                          DrawFilter&& draw_filter) {
  assert(shape.patch >= 1 && shape.patch <= images.height && shape.patch <= images.width);
  Rng rng(seed, Purpose::receptive_field_position, 0);
  std::vector<PatchPosition> drawn;
  for (std::size_t i = 0; i < shape.size; ++i) {
    if (i % features != 0) {
      drawn.push_back(drawn.back());
      continue;
    }
    const auto offset = [&](std::size_t side) {
      return static_cast<std::uint16_t>(rng.integer(static_cast<std::uint32_t>(side - shape.patch + 1)));
    };
    const std::uint16_t row = offset(images.height);
    const std::uint16_t column = offset(images.width);
    drawn.push_back({row, column});
  }
  std::vector<PatchPosition> positions;
  std::vector<float> filters;
  filters.reserve(shape.size * images.channels * shape.patch * shape.patch);
  for (const std::size_t i : locality_order(drawn)) {
    positions.push_back(drawn[i]);
    Rng shape_rng(seed, Purpose::receptive_field_shape, i);
    const std::vector<float> filter = draw_filter(shape_rng);
    filters.insert(filters.end(), filter.begin(), filter.end());
  }
  return {images, shape.patch, std::move(positions), std::move(filters)};
}

}  // namespace

Fields<RandomParams> RandomParams::fields() {
  return {field("cubed_colour_scale", &RandomParams::cubed_colour_scale, "",
                "colour: weights times the square of image side over patch (as released, where a factor is "
                "applied once for each channel)",
                SwitchDomain{}),
          distribution_field("distribution", &RandomParams::distribution),
          field("features", &RandomParams::features, "",
                "neurons that share a place, and compete for what they see there if hidden.rule says so",
                CountDomain{1, 1'000'000})};
}

Fields<GaborParams> GaborParams::fields() {
  return {
      choice("gabor_ranges", &GaborParams::gabor_ranges, "range",
             "ranges of the Gabor parameters: broad as released, tuned for MNIST or CIFAR-10 at patch 10",
             {{"broad", GaborRanges::broad},
              {"tuned", GaborRanges::tuned},
              {"tuned-cifar10", GaborRanges::tuned_cifar10}}),
      choice("gabor_colour", &GaborParams::gabor_colour, "colour",
             "the same Gabor in every channel (blind), or times random weights of either sign (opponent)",
             {{"blind", GaborColour::blind}, {"opponent", GaborColour::opponent}}),
  };
}

ReceptiveFields make_random_fields(const RandomParams& params, const BankShape& shape, ImageShape images,
                                   std::uint64_t seed) {
  const double deviation = random_deviation(params, shape, images);
  return draw_bank(shape, params.features, images, seed, [&](Rng& rng) {
    std::vector<float> filter(images.channels * shape.patch * shape.patch);
    for (float& weight : filter)
      weight = static_cast<float>(deviation * draw_weight(params.distribution, rng));
    return filter;
  });
}

ReceptiveFields make_gabor_fields(const GaborParams& params, const BankShape& shape, ImageShape images,
                                  std::uint64_t seed) {
  return draw_bank(shape, 1, images, seed,
                   [&](Rng& rng) { return draw_gabor_filter(params, shape, images, rng); });
}

void RandomBank::set_defaults(Params&, BankShape& shape, Unit unit) {
  shape.scale = unit == Unit::millivolt ? 20.0 : 0.1;
}

std::optional<Problem> RandomBank::problem(const Params& params, const BankShape& shape,
                                           const ImageShape* images) {
  if (shape.size % params.features != 0) {
    return Problem{"features = " + std::to_string(params.features) +
                       " does not divide size = " + std::to_string(shape.size),
                   "every place has as many neurons", "choose a size that is a multiple"};
  }
  if (images == nullptr || !params.cubed_colour_scale || images->channels >= 2) return std::nullopt;
  return Problem{"cubed_colour_scale = true needs images in colour",
                 "these have one channel, for which the released code applies its factor once, too",
                 "set it to false"};
}

std::optional<MadeBank> RandomBank::make(const Params& params, const BankShape& shape,
                                         const BankSource& source) {
  return MadeBank{make_random_fields(params, shape, source.shape, source.seed)};
}

void GaborBank::set_defaults(Params&, BankShape& shape, Unit unit) {
  shape.scale = unit == Unit::millivolt ? 40.0 : 2.1;
}

std::optional<Problem> GaborBank::problem(const Params& params, const BankShape&, const ImageShape* images) {
  if (images == nullptr || params.gabor_colour == GaborColour::blind || images->channels >= 2)
    return std::nullopt;
  return Problem{"gabor_colour = \"opponent\" needs images in colour", "these have one channel",
                 "set it to \"blind\""};
}

std::optional<MadeBank> GaborBank::make(const Params& params, const BankShape& shape,
                                        const BankSource& source) {
  return MadeBank{make_gabor_fields(params, shape, source.shape, source.seed)};
}

}  // namespace shallows
