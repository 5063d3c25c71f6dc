#include "encoders/image.hpp"

#include <cassert>
#include <utility>

namespace shallows {

void Image::centered(std::span<float> out) const {
  assert(out.size() == pixels.size() && mean.size() == pixels.size());
  for (std::size_t j = 0; j < pixels.size(); ++j) out[j] = static_cast<float>(pixels[j]) / 255.0F - mean[j];
}

ImageSet::ImageSet(ImageShape shape, std::vector<std::uint8_t> pixels, std::vector<std::uint8_t> labels)
    : shape_(shape), pixels_(std::move(pixels)), labels_(std::move(labels)), mean_(shape.pixels(), 0.0F) {
  assert(pixels_.size() == labels_.size() * shape_.pixels());
}

Image ImageSet::image(std::size_t i) const {
  const std::size_t stride = shape_.pixels();
  return {shape_, std::span(pixels_).subspan(i * stride, stride), mean_};
}

std::vector<float> ImageSet::pixel_mean() const {
  const std::size_t stride = shape_.pixels();
  // Integer sums: exact, so the order of summation can't matter.
  std::vector<std::uint64_t> sum(stride, 0);
  for (std::size_t i = 0; i < pixels_.size(); ++i) sum[i % stride] += pixels_[i];
  std::vector<float> mean(stride, 0.0F);
  if (empty()) return mean;
  for (std::size_t j = 0; j < stride; ++j) {
    mean[j] = static_cast<float>(static_cast<double>(sum[j]) / (255.0 * static_cast<double>(size())));
  }
  return mean;
}

void ImageSet::set_mean(std::vector<float> mean) {
  assert(mean.size() == shape_.pixels());
  mean_ = std::move(mean);
}

ImageSet ImageSet::slice(std::size_t first, std::size_t count) const {
  assert(first + count <= size());
  const auto stride = static_cast<std::ptrdiff_t>(shape_.pixels());
  const auto begin = static_cast<std::ptrdiff_t>(first);
  const auto end = static_cast<std::ptrdiff_t>(first + count);
  ImageSet result(shape_, {pixels_.begin() + begin * stride, pixels_.begin() + end * stride},
                  {labels_.begin() + begin, labels_.begin() + end});
  result.mean_ = mean_;
  return result;
}

ImageSet ImageSet::select(std::span<const std::size_t> images) const {
  std::vector<std::uint8_t> pixels, labels;
  pixels.reserve(images.size() * shape_.pixels());
  for (const std::size_t i : images) {
    const Image chosen = image(i);
    pixels.insert(pixels.end(), chosen.pixels.begin(), chosen.pixels.end());
    labels.push_back(label(i));
  }
  ImageSet result(shape_, std::move(pixels), std::move(labels));
  result.mean_ = mean_;
  return result;
}

}  // namespace shallows
