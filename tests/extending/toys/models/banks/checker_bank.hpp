// A bank of checkerboards: squares of one width, black or white first, in a patch at a random position.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "encoders/bank.hpp"
#include "sim/core/rng.hpp"

namespace shallows {

struct CheckerParams {
  std::uint64_t square = 2;
  static Fields<CheckerParams> fields() {
    return {field("square", &CheckerParams::square, "pixels", "side of a square", CountDomain{1, 100})};
  }
};

struct CheckerBank {
  using Params = CheckerParams;
  static constexpr std::string_view name = "checkers", abbreviation = "cb";
  static constexpr std::string_view about = "checkerboards in a patch at a random position";
  static constexpr BankOrigin origin = BankOrigin::drawn;

  static void set_defaults(Params&, BankShape& shape, Unit unit) {
    shape.scale = unit == Unit::millivolt ? 20.0 : 0.1;
  }
  static std::optional<Problem> problem(const Params& params, const BankShape& shape, const ImageShape*) {
    if (params.square <= shape.patch) return std::nullopt;
    return Problem{"square is larger than patch", "", "choose smaller squares"};
  }
  static std::optional<MadeBank> make(const Params& params, const BankShape& shape,
                                      const BankSource& source) {
    Rng rng(source.seed, Purpose::receptive_field_position, 0);
    const auto place = [&](std::size_t side) {
      return static_cast<std::uint16_t>(rng.integer(static_cast<std::uint32_t>(side - shape.patch + 1)));
    };
    const float weight = static_cast<float>(shape.scale / static_cast<double>(shape.patch));
    std::vector<PatchPosition> positions;
    std::vector<float> filters;
    for (std::size_t i = 0; i < shape.size; ++i) {
      positions.push_back({place(source.shape.height), place(source.shape.width)});
      const std::uint32_t first = rng.integer(2);
      for (std::size_t k = 0; k < source.shape.channels * shape.patch * shape.patch; ++k) {
        const std::size_t row = k / shape.patch % shape.patch, column = k % shape.patch;
        const bool white = (row / params.square + column / params.square + first) % 2 == 0;
        filters.push_back(white ? weight : -weight);
      }
    }
    return MadeBank{ReceptiveFields(source.shape, shape.patch, std::move(positions), std::move(filters))};
  }
};

}  // namespace shallows
