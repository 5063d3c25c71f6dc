#include "models/memory_features.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

namespace shallows {
namespace {

std::vector<int> shifts(const MemoryParams& params) {
  const int pool = static_cast<int>(params.pool);
  if (pool == 0) return {0};
  const int step = params.pool_step == 0 ? pool : static_cast<int>(params.pool_step);
  std::vector<int> all;
  for (int shift = -pool; shift <= pool; shift += step) all.push_back(shift);
  return all;
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

/// Filters that answer to a patch as the given ones do to the patch minus its mean.
ReceptiveFields without_means(const ReceptiveFields& bank) {
  std::vector<float> filters(bank.filters().begin(), bank.filters().end());
  const std::size_t size = bank.filter_size();
  for (std::size_t i = 0; i < bank.size(); ++i) {
    const auto filter = std::span(filters).subspan(i * size, size);
    double sum = 0.0;
    for (const float weight : filter) sum += static_cast<double>(weight);
    const double mean = sum / static_cast<double>(size);
    for (float& weight : filter) weight = static_cast<float>(static_cast<double>(weight) - mean);
  }
  return {bank.shape(), bank.patch(), {bank.positions().begin(), bank.positions().end()}, std::move(filters)};
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
    : params_(params), shape_(shape), dimension_(shape.pixels()) {
  if (bank == nullptr) return;
  assert(bank->shape() == shape);
  patch_ = bank->patch();
  fields_ = bank->size();
  dimension_ = params.signs == Signs::both ? 2 * fields_ : fields_;
  const ReceptiveFields filters = params.contrast_floor > 0.0 ? without_means(*bank) : *bank;
  for (const int down : shifts(params)) {
    for (const int right : shifts(params)) {
      const ReceptiveFields moved = shifted(filters, down, right);
      const Synapses synapses = to_synapses(moved);
      std::vector<std::uint32_t> places;
      for (const PatchPosition p : moved.positions())
        places.push_back(static_cast<std::uint32_t>(p.row * shape.width + p.column));
      shifted_.push_back({PackedSynapses<float>(synapses, std::vector<double>(fields_, 1.0)), places});
      operations_ += synapses.sources.size();
    }
  }
}

void MemoryFeatures::read_pixels(const Image& image, std::span<float> out) const {
  assert(image.pixels.size() == shape_.pixels());
  if (params_.input == MemoryInput::centered) return image.centered(out);
  for (std::size_t j = 0; j < out.size(); ++j) out[j] = static_cast<float>(image.pixels[j]) / 255.0F;
  if (params_.input == MemoryInput::standardised) standardise(out);
}

void MemoryFeatures::read_contrasts(std::span<const float> pixels, std::span<float> out) const {
  const std::size_t width = shape_.width, across = width - patch_ + 1;
  // Of each place: sums down its columns first, then along the row.
  std::vector<double> sums(width), squares(width);
  for (std::size_t row = 0; row + patch_ <= shape_.height; ++row) {
    std::fill(sums.begin(), sums.end(), 0.0);
    std::fill(squares.begin(), squares.end(), 0.0);
    for (std::size_t channel = 0; channel < shape_.channels; ++channel) {
      const auto first = pixels.subspan((channel * shape_.height + row) * width, patch_ * width);
      for (std::size_t j = 0; j < first.size(); ++j) {
        const auto value = static_cast<double>(first[j]);
        sums[j % width] += value;
        squares[j % width] += value * value;
      }
    }
    for (std::size_t column = 0; column < across; ++column) {
      const auto total = [&](const std::vector<double>& of) {
        const auto begin = of.begin() + static_cast<std::ptrdiff_t>(column);
        return std::accumulate(begin, begin + static_cast<std::ptrdiff_t>(patch_), 0.0);
      };
      const auto n = static_cast<double>(shape_.channels * patch_ * patch_);
      const double mean = total(sums) / n;
      const double variance = std::max(0.0, total(squares) / n - mean * mean);
      const double floor = params_.contrast_floor * params_.contrast_floor;
      out[row * width + column] = static_cast<float>(1.0 / std::sqrt(variance + floor));
    }
  }
}

/// Adds one shift to the features of an image, which are 0 to begin with.
void MemoryFeatures::pool(const Shifted& shifted, std::span<const float> responses,
                          std::span<const float> contrasts, std::span<float> features) const {
  const auto threshold = static_cast<float>(params_.response_threshold);
  const auto add = [&](float& feature, float response) {
    const float above = std::max(0.0F, response - threshold);
    feature = params_.pooling == Pooling::mean ? feature + above : std::max(feature, above);
  };
  for (std::size_t f = 0; f < fields_; ++f) {
    const float response = contrasts.empty() ? responses[f] : responses[f] * contrasts[shifted.places[f]];
    add(features[f], response);
    if (params_.signs == Signs::both) add(features[fields_ + f], -response);
  }
}

void MemoryFeatures::finish(std::span<float> features) const {
  if (params_.pooling == Pooling::mean) {
    for (float& feature : features) feature /= static_cast<float>(shifted_.size());
  }
  if (params_.exponent != 1.0) {
    for (float& feature : features) feature = powered(feature, params_.exponent);
  }
}

std::vector<float> MemoryFeatures::of(std::span<const Image> images) const {
  constexpr std::size_t kChunk = 256;  // bounds the padded responses
  std::vector<float> features(images.size() * dimension_);
  const std::size_t size = shape_.pixels();
  if (shifted_.empty()) {
    tbb::parallel_for(std::size_t{0}, images.size(), [&](std::size_t i) {
      read_pixels(images[i], std::span(features).subspan(i * size, size));
    });
    return features;
  }
  const std::size_t row = shifted_.front().bank.padded_targets();
  const std::size_t places = params_.contrast_floor > 0.0 ? shape_.height * shape_.width : 0;
  AlignedVector<float> pixels, responses, contrasts;
  for (std::size_t first = 0; first < images.size(); first += kChunk) {
    const std::size_t count = std::min(kChunk, images.size() - first);
    pixels.resize(count * size);
    contrasts.resize(count * places);
    responses.resize(count * row);
    const auto own = [&](std::size_t i) {
      return std::span(features).subspan((first + i) * dimension_, dimension_);
    };
    tbb::parallel_for(std::size_t{0}, count, [&](std::size_t i) {
      const auto image = std::span(pixels).subspan(i * size, size);
      read_pixels(images[first + i], image);
      if (places > 0) read_contrasts(image, std::span(contrasts).subspan(i * places, places));
    });
    for (const Shifted& shifted : shifted_) {
      shifted.bank.multiply_many(pixels, responses);
      tbb::parallel_for(std::size_t{0}, count, [&](std::size_t i) {
        pool(shifted, std::span(responses).subspan(i * row, fields_),
             std::span(contrasts).subspan(i * places, places), own(i));
      });
    }
    tbb::parallel_for(std::size_t{0}, count, [&](std::size_t i) { finish(own(i)); });
  }
  return features;
}

}  // namespace shallows
