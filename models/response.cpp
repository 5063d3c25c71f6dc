#include "models/response.hpp"

#include <algorithm>

namespace shallows {

std::uint8_t first_maximum(const std::vector<float>& scores) {
  return static_cast<std::uint8_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

}  // namespace shallows
