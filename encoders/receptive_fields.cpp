#include "encoders/receptive_fields.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <tuple>
#include <utility>

namespace shallows {
namespace {

/// Orders `ids` so that runs of neighbours have overlapping patches: halves at the median of the wider axis.
void order_by_locality(std::span<const PatchPosition> positions, std::span<std::size_t> ids) {
  constexpr std::size_t kLeaf = 32;
  constexpr std::size_t kCut =
      64;  // cuts fall on multiples of this where they can, so SIMD blocks don't straddle them
  const auto by_row = [&](std::size_t a, std::size_t b) {
    return std::pair(positions[a], a) < std::pair(positions[b], b);
  };
  if (ids.size() <= kLeaf) {
    std::sort(ids.begin(), ids.end(), by_row);
    return;
  }
  const auto by_column = [&](std::size_t a, std::size_t b) {
    return std::tuple(positions[a].column, positions[a].row, a) <
           std::tuple(positions[b].column, positions[b].row, b);
  };
  const auto [low_row, high_row] =
      std::minmax_element(ids.begin(), ids.end(),
                          [&](std::size_t a, std::size_t b) { return positions[a].row < positions[b].row; });
  const auto [low_column, high_column] = std::minmax_element(
      ids.begin(), ids.end(),
      [&](std::size_t a, std::size_t b) { return positions[a].column < positions[b].column; });
  const int rows = positions[*high_row].row - positions[*low_row].row;
  const int columns = positions[*high_column].column - positions[*low_column].column;
  std::size_t half = ids.size() / 2;
  if (ids.size() > kCut) half = std::max(kCut, (half + kCut / 2) / kCut * kCut);
  const auto middle = ids.begin() + static_cast<std::ptrdiff_t>(half);
  if (rows >= columns) {
    std::nth_element(ids.begin(), middle, ids.end(), by_row);
  } else {
    std::nth_element(ids.begin(), middle, ids.end(), by_column);
  }
  order_by_locality(positions, ids.first(half));
  order_by_locality(positions, ids.subspan(half));
}

}  // namespace

ReceptiveFields::ReceptiveFields(ImageShape shape, std::size_t patch, std::vector<PatchPosition> positions,
                                 std::vector<float> filters, std::optional<LateralInhibition> inhibition)
    : shape_(shape),
      patch_(patch),
      positions_(std::move(positions)),
      filters_(std::move(filters)),
      inhibition_(std::move(inhibition)) {
  assert(patch_ >= 1 && patch_ <= shape_.height && patch_ <= shape_.width);
  assert(filters_.size() == positions_.size() * filter_size());
  assert(!inhibition_ || (inhibition_->population >= 1 && size() % inhibition_->population == 0 &&
                          inhibition_->weights.size() == size() * inhibition_->population &&
                          inhibition_->thresholds.size() == size()));
}

std::size_t ReceptiveFields::pixel(std::size_t i, std::size_t k) const {
  const std::size_t channel = k / (patch_ * patch_);
  const std::size_t row = positions_[i].row + k / patch_ % patch_;
  const std::size_t column = positions_[i].column + k % patch_;
  return (channel * shape_.height + row) * shape_.width + column;
}

void ReceptiveFields::apply(std::span<const float> pixels, std::span<double> out) const {
  assert(pixels.size() == shape_.pixels() && out.size() == size());
  for (std::size_t i = 0; i < size(); ++i) {
    double sum = 0.0;
    const std::span<const float> weights = filter(i);
    for (std::size_t k = 0; k < weights.size(); ++k)
      sum += static_cast<double>(weights[k]) * pixels[pixel(i, k)];
    out[i] = sum;
  }
}

std::vector<std::size_t> locality_order(std::span<const PatchPosition> positions) {
  std::vector<std::size_t> ids(positions.size());
  std::iota(ids.begin(), ids.end(), std::size_t{0});
  order_by_locality(positions, ids);
  return ids;
}

Synapses to_synapses(const ReceptiveFields& bank) {
  Synapses synapses;
  synapses.source_count = bank.shape().pixels();
  synapses.sources.reserve(bank.size() * bank.filter_size());
  synapses.weights_mV.reserve(bank.size() * bank.filter_size());
  for (std::size_t i = 0; i < bank.size(); ++i) {
    // Weights of a filter are stored by channel, row and column, and so are pixels: the order is the same.
    for (std::size_t k = 0; k < bank.filter_size(); ++k) {
      synapses.sources.push_back(static_cast<NeuronId>(bank.pixel(i, k)));
      synapses.weights_mV.push_back(bank.filter(i)[k]);
    }
    synapses.offsets.push_back(static_cast<std::uint32_t>(synapses.sources.size()));
  }
  return synapses;
}

}  // namespace shallows
