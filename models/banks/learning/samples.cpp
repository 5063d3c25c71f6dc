#include "models/banks/learning/samples.hpp"

#include <cassert>

namespace shallows {

Samples pixel_samples(const ImageSet& images, std::vector<std::uint32_t> pixels, std::size_t count) {
  assert(count <= images.size());
  const std::size_t dimension = pixels.size();
  return {count, dimension, [&images, pixels = std::move(pixels)](std::size_t i, std::span<double> out) {
            assert(out.size() == pixels.size());
            const Image image = images.image(i);
            for (std::size_t k = 0; k < pixels.size(); ++k) {
              out[k] = static_cast<double>(image.pixels[pixels[k]]) / 255.0 -
                       static_cast<double>(image.mean[pixels[k]]);
            }
          }};
}

}  // namespace shallows
