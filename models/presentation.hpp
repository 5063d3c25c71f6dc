// One training image as a network sees it.
#pragma once

#include <cstdint>

#include "encoders/image.hpp"

namespace shallows {

struct Presentation {
  Image image;
  std::uint8_t label;
  double learning_rate;
};

}  // namespace shallows
