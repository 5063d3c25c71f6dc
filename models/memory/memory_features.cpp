#include "models/memory/memory_features.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>
#include <cmath>

namespace shallows {
namespace {

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
    : params_(params), pixels_(shape.pixels()), dimension_(shape.pixels()) {
  if (bank == nullptr) return;
  assert(bank->shape() == shape);
  fields_ = bank->size();
  dimension_ = params.signs == Signs::both ? 2 * fields_ : fields_;
  for (const ReceptiveFields& places : at_all_shifts(*bank, params.cells.pool)) {
    const Synapses synapses = to_synapses(places);
    shifted_.emplace_back(synapses, std::vector<double>(fields_, 1.0));
    operations_ += synapses.sources.size();
  }
}

void MemoryFeatures::read_pixels(const Image& image, std::span<float> out) const {
  assert(image.pixels.size() == pixels_);
  if (params_.input == MemoryInput::centered) return image.centered(out);
  for (std::size_t j = 0; j < pixels_; ++j) out[j] = static_cast<float>(image.pixels[j]) / 255.0F;
  if (params_.input == MemoryInput::standardised) standardise(out);
}

/// Adds the responses at one shift to the features of an image, which are 0 to begin with.
void MemoryFeatures::pool(std::span<const float> responses, std::span<float> features) const {
  const auto add = [&](float& feature, float response) {
    feature = params_.cells.pooling == Pooling::mean ? feature + std::max(0.0F, response)
                                                     : std::max(feature, response);
  };
  for (std::size_t f = 0; f < fields_; ++f) add(features[f], responses[f]);
  if (params_.signs == Signs::positive) return;
  for (std::size_t f = 0; f < fields_; ++f) add(features[fields_ + f], -responses[f]);
}

void MemoryFeatures::finish(std::span<float> features) const {
  if (params_.cells.pooling == Pooling::mean) {
    for (float& feature : features) feature /= static_cast<float>(shifted_.size());
  }
  if (params_.exponent != 1.0) {
    for (float& feature : features) feature = powered(feature, params_.exponent);
  }
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
    const auto own = [&](std::size_t i) {
      return std::span(features).subspan((first + i) * dimension_, dimension_);
    };
    tbb::parallel_for(std::size_t{0}, count, [&](std::size_t i) {
      read_pixels(images[first + i], std::span(pixels).subspan(i * pixels_, pixels_));
    });
    for (const PackedSynapses<float>& bank : shifted_) {
      bank.multiply_many(pixels, responses);
      tbb::parallel_for(std::size_t{0}, count,
                        [&](std::size_t i) { pool(std::span(responses).subspan(i * row, fields_), own(i)); });
    }
    tbb::parallel_for(std::size_t{0}, count, [&](std::size_t i) { finish(own(i)); });
  }
  return features;
}

}  // namespace shallows
