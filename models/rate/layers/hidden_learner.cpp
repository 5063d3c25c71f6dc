#include "models/rate/layers/hidden_learner.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>

namespace shallows {
namespace {

std::size_t padded(std::size_t size) {
  return (size + hidden_kernel::kLanes - 1) / hidden_kernel::kLanes * hidden_kernel::kLanes;
}

hidden_kernel::Geometry geometry_of(const ReceptiveFields& bank) {
  const ImageShape& shape = bank.shape();
  return {.channels = shape.channels,
          .height = shape.height,
          .row = padded(shape.width),
          .patch = bank.patch(),
          .map_height = shape.height - bank.patch() + 1,
          .map_row = padded(shape.width - bank.patch() + 1)};
}

std::vector<hidden_kernel::Run> runs_of(const ReceptiveFields& bank, std::size_t map_row) {
  std::vector<hidden_kernel::Run> runs;
  for (std::size_t i = 0; i < bank.size(); ++i) {
    const PatchPosition position = bank.position(i);
    if (i == 0 || position != bank.position(i - 1)) {
      runs.push_back({.first = static_cast<std::uint32_t>(i),
                      .length = 0,
                      .place = static_cast<std::uint32_t>(position.row * map_row + position.column)});
    }
    ++runs.back().length;
  }
  return runs;
}

std::vector<std::int8_t> mask_of(const ReceptiveFields& bank, const PackedSynapses<float>& fields) {
  Synapses ones = to_synapses(bank);
  std::fill(ones.weights_mV.begin(), ones.weights_mV.end(), 1.0F);
  const PackedSynapses<float> packed(ones, std::vector<double>(bank.size(), 1.0));
  const float* first = packed.weights(packed.blocks().front());
  assert(packed.bytes() == fields.bytes());
  std::vector<std::int8_t> mask(fields.bytes() / sizeof(float));
  std::transform(first, first + mask.size(), mask.begin(),
                 [](float one) { return static_cast<std::int8_t>(one == 1.0F ? -1 : 0); });
  return mask;
}

}  // namespace

HiddenLearner::HiddenLearner(const ReceptiveFields& bank, const PackedSynapses<float>& fields)
    : neurons_(bank.size()),
      width_(bank.shape().width),
      row_(fields.padded_targets() + hidden_kernel::kLanes),
      geometry_(geometry_of(bank)),
      runs_(runs_of(bank, geometry_.map_row)),
      mask_(mask_of(bank, fields)),
      images_(kBatch * geometry_.image(), 0.0F),
      maps_(kBatch * kBatch * geometry_.map(), 0.0F),
      steps_(kBatch * row_, 0.0F),
      at_rest_(row_, 0.0F),
      activations_(row_, 0.0F) {}

void HiddenLearner::begin(std::span<const float> pixels) {
  const std::size_t rows = geometry_.channels * geometry_.height;
  pixels_ = pixels;
  count_ = pixels.size() / (rows * width_);
  assert(pixels.size() == count_ * rows * width_ && count_ <= kBatch);
  for (std::size_t r = 0; r < count_ * rows; ++r) {
    std::copy_n(pixels.data() + r * width_, width_, images_.data() + r * geometry_.row);
  }
  tbb::parallel_for(std::size_t{1}, std::max(count_, std::size_t{1}), [&](std::size_t k) {
    thread_local AlignedVector<float> scratch;
    scratch.resize(geometry_.scratch());
    for (std::size_t i = 0; i < k; ++i) {
      hidden_kernel::overlap(geometry_, image(i), image(k), scratch.data(),
                             maps_.data() + (k * kBatch + i) * geometry_.map());
    }
  });
}

std::span<float> HiddenLearner::activations(std::size_t k, std::span<const float> at_rest) {
  assert(k < count_ && at_rest.size() + hidden_kernel::kLanes == row_);
  std::copy(at_rest.begin(), at_rest.end(), at_rest_.begin());
  hidden_kernel::correct(runs_, {maps_.data() + k * kBatch * geometry_.map(), geometry_.map()},
                         {steps_.data(), row_}, k, at_rest_.data(), activations_.data());
  return std::span(activations_).first(neurons_);
}

std::span<float> HiddenLearner::steps(std::size_t k) {
  assert(k < count_);
  return std::span(steps_).subspan(k * row_, neurons_);
}

void HiddenLearner::end(PackedSynapses<float>& fields) {
  const std::size_t pixels = geometry_.channels * geometry_.height * width_;
  tbb::parallel_for(std::size_t{0}, fields.blocks().size(), [&](std::size_t b) {
    const auto& block = fields.blocks()[b];
    hidden_kernel::add_products(block.sources, mask_.data() + block.first_weight, {pixels_.data(), pixels},
                                {steps_.data() + b * kBlockLanes, row_}, count_, fields.weights(block));
  });
  count_ = 0;
}

}  // namespace shallows
