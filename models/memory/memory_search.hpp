// Nearest rows by blocked matrix products: |x - r|^2 = |x|^2 + |r|^2 - 2 x.r for a block of rows and a tile
// of inputs at a time.
//
// A distance depends on input and row alone, not on their places, the tile or the threads; equal distances
// are ordered by the row's number. So results are the same bits for any grouping of the inputs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "models/memory/memory_params.hpp"
#include "models/memory/memory_rows.hpp"

namespace shallows {

struct Match {
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  float distance = std::numeric_limits<float>::infinity();
  std::uint32_t row = kNone;

  bool found() const { return row != kNone; }
  friend auto operator<=>(const Match&, const Match&) = default;
};

/// The distance of two vectors by its definition, in double: what the fast search is tested against.
double plain_distance(Distance distance, std::span<const float> a, std::span<const float> b);

/// The k nearest rows of each input, nearest first, none beyond the last row: [input][k]. `inputs` holds
/// vectors of rows.dimension() one after the other.
std::vector<Match> nearest_rows(const MemoryRows& rows, Distance distance, std::span<const float> inputs,
                                std::size_t k);

/// The nearest row among those of the input's class, for each input.
std::vector<Match> nearest_of_class(const MemoryRows& rows, Distance distance, std::span<const float> inputs,
                                    std::span<const std::uint8_t> labels);

}  // namespace shallows
