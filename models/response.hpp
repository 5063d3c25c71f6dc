// What a network answers to an image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace shallows {

/// What a score counts.
enum class ScoreKind { spike_count, rate, vote };

struct Response {
  ScoreKind kind = ScoreKind::rate;
  std::vector<float> scores;   ///< one per class
  std::uint8_t predicted = 0;  ///< class of the largest score; the first one wins a tie
};

/// Index of the largest score; the first one wins a tie.
std::uint8_t first_maximum(const std::vector<float>& scores);

}  // namespace shallows
