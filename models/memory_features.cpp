#include "models/memory_features.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>
#include <cmath>

namespace shallows {
namespace {

std::vector<int> shifts(std::size_t pool) {
  const int s = static_cast<int>(pool);
  return s == 0 ? std::vector<int>{0} : std::vector<int>{-s, 0, s};
}

/// The same filters elsewhere; a field at the border stays in the image.
ReceptiveFields shifted(const ReceptiveFields& bank, int down, int right) {
  const auto moved = [&](std::uint16_t from, int by, std::size_t side) {
    const int last = static_cast<int>(side - bank.patch());
    return static_cast<std::uint16_t>(std::clamp(from + by, 0, last));
  };
  std::vector<PatchPosition> positions;
  for (const PatchPosition p : bank.positions()) {
    positions.push_back(
        {moved(p.row, down, bank.shape().height), moved(p.column, right, bank.shape().width)});
  }
  return {bank.shape(), bank.patch(), std::move(positions), {bank.filters().begin(), bank.filters().end()}};
}

void standardise(std::span<float> values) {
  double sum = 0.0, squares = 0.0;
  for (const float value : values) {
    sum += static_cast<double>(value);
    squares += static_cast<double>(value) * static_cast<double>(value);
  }
  const auto n = static_cast<double>(values.size());
  const double mean = sum / n;
  const double variance = squares / n - mean * mean;
  // A uniform image has nothing to scale.
  const double scale = variance > 1e-12 ? 1.0 / std::sqrt(variance) : 0.0;
  for (float& value : values) value = static_cast<float>((static_cast<double>(value) - mean) * scale);
}

float powered(float value, double exponent) {
  if (exponent == 1.0) return value;
  if (exponent == 0.5) return std::sqrt(value);
  return static_cast<float>(std::pow(static_cast<double>(value), exponent));
}

}  // namespace

MemoryFeatures::MemoryFeatures(const MemoryParams& params, const ReceptiveFields* bank, ImageShape shape)
    : params_(params), pixels_(shape.pixels()), dimension_(bank != nullptr ? bank->size() : shape.pixels()) {
  if (bank == nullptr) return;
  assert(bank->shape() == shape);
  for (const int down : shifts(params.pool)) {
    for (const int right : shifts(params.pool)) {
      const Synapses synapses = to_synapses(shifted(*bank, down, right));
      shifted_.emplace_back(synapses, std::vector<double>(bank->size(), 1.0));
      operations_ += synapses.sources.size();
    }
  }
}

void MemoryFeatures::read_pixels(const Image& image, std::span<float> out) const {
  assert(image.pixels.size() == pixels_);
  if (params_.input == MemoryInput::centered) return image.centered(out);
  for (std::size_t j = 0; j < pixels_; ++j) out[j] = static_cast<float>(image.pixels[j]) / 255.0F;
  if (params_.input == MemoryInput::standardised) standardise(out);
}

std::vector<float> MemoryFeatures::of(std::span<const Image> images) const {
  constexpr std::size_t kChunk = 256;  // bounds the padded responses
  std::vector<float> features(images.size() * dimension_);
  if (shifted_.empty()) {
    tbb::parallel_for(std::size_t{0}, images.size(), [&](std::size_t i) {
      read_pixels(images[i], std::span(features).subspan(i * pixels_, pixels_));
    });
    return features;
  }
  const std::size_t row = shifted_.front().padded_targets();
  AlignedVector<float> pixels, responses;
  for (std::size_t first = 0; first < images.size(); first += kChunk) {
    const std::size_t count = std::min(kChunk, images.size() - first);
    pixels.resize(count * pixels_);
    responses.resize(count * row);
    tbb::parallel_for(std::size_t{0}, count, [&](std::size_t i) {
      read_pixels(images[first + i], std::span(pixels).subspan(i * pixels_, pixels_));
    });
    // The largest over the shifts so far; zero to begin with, so the result is rectified.
    for (const PackedSynapses<float>& bank : shifted_) {
      bank.multiply_many(pixels, responses);
      tbb::parallel_for(std::size_t{0}, count, [&](std::size_t i) {
        for (std::size_t f = 0; f < dimension_; ++f) {
          float& feature = features[(first + i) * dimension_ + f];
          feature = std::max(feature, responses[i * row + f]);
        }
      });
    }
  }
  if (params_.exponent != 1.0) {
    tbb::parallel_for(std::size_t{0}, images.size(), [&](std::size_t i) {
      for (float& feature : std::span(features).subspan(i * dimension_, dimension_))
        feature = powered(feature, params_.exponent);
    });
  }
  return features;
}

}  // namespace shallows
