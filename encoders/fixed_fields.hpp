// The two banks that need no learning: random and Gabor filters at random positions
// (Illing et al. 2019; ratenets/core.jl).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "encoders/bank.hpp"
#include "encoders/receptive_fields.hpp"
#include "encoders/weight_distribution.hpp"

namespace shallows {

/// Where the Gabor parameters are drawn from (table 4.2). p is the patch size.
enum class GaborRanges {
  broad,          ///< the released defaults: wavelength U[p/4, 2p], sigma U[p/8, p], phase U[0, 2 pi)
  tuned,          ///< the authors' optimum for MNIST at p = 10: U[4.6, 10.3], U[3.8, 5.0], U[0, 4.8]
  tuned_cifar10,  ///< theirs for CIFAR-10: U[2.9, 10.1], U[2.9, 24], U[0, 5.4]
};

/// What a Gabor filter does with the colours of an image.
enum class GaborColour {
  blind,     ///< the same filter in every channel, as in the paper
  opponent,  ///< times random weights of the channels, normal and scaled to a mean magnitude of 1
};

struct GaborParams {
  GaborRanges gabor_ranges = GaborRanges::tuned;
  GaborColour gabor_colour = GaborColour::blind;

  static Fields<GaborParams> fields();
};

struct RandomParams {
  /// In colour: weights times (side of the image / patch)^(channels - 1), so that the cube of this ratio is
  /// in them where `scale` alone has it once. As released for fixed banks: the row's factor sits inside the
  /// loop over channels. The side of an image that is not square is the root of its area.
  bool cubed_colour_scale = false;
  WeightDistribution distribution = WeightDistribution::normal;
  std::size_t features = 1;  ///< neighbouring neurons that share a place

  static Fields<RandomParams> fields();
};

/// Banks that are drawn: positions uniform over all places where the patch fits, then the filters. Stored in
/// locality_order; they depend on (params, shape, images' shape, seed) only.
ReceptiveFields make_random_fields(const RandomParams& params, const BankShape& shape, ImageShape images,
                                   std::uint64_t seed);
ReceptiveFields make_gabor_fields(const GaborParams& params, const BankShape& shape, ImageShape images,
                                  std::uint64_t seed);

struct RandomBank {
  using Params = RandomParams;
  static constexpr std::string_view name = "random";
  static constexpr std::string_view abbreviation = "rp";
  static constexpr std::string_view about = "independent Gaussian weights in a patch at a random position";
  static constexpr BankOrigin origin = BankOrigin::drawn;

  static void set_defaults(Params& params, BankShape& shape, Unit unit);
  static std::optional<Problem> problem(const Params& params, const BankShape& shape,
                                        const ImageShape* images);
  static std::optional<MadeBank> make(const Params& params, const BankShape& shape, const BankSource& source);
};

struct GaborBank {
  using Params = GaborParams;
  static constexpr std::string_view name = "gabor";
  static constexpr std::string_view abbreviation = "rg";
  static constexpr std::string_view about = "random Gabor filters in a patch at a random position";
  static constexpr BankOrigin origin = BankOrigin::drawn;

  static void set_defaults(Params& params, BankShape& shape, Unit unit);
  static std::optional<Problem> problem(const Params& params, const BankShape& shape,
                                        const ImageShape* images);
  static std::optional<MadeBank> make(const Params& params, const BankShape& shape, const BankSource& source);
};

}  // namespace shallows
