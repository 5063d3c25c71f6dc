#include "models/memory/memory_rows.hpp"

#include <algorithm>
#include <cassert>

namespace shallows {
namespace {

float squared_norm(std::span<const float> values) {
  double sum = 0.0;
  for (const float value : values) sum += static_cast<double>(value) * static_cast<double>(value);
  return static_cast<float>(sum);
}

}  // namespace

std::size_t padded_dimension(std::size_t dimension) {
  constexpr std::size_t kLine = kCacheLine / sizeof(float);
  return (dimension + kLine - 1) / kLine * kLine;
}

MemoryRows::MemoryRows(std::size_t dimension, std::size_t classes)
    : dimension_(dimension), stride_(padded_dimension(dimension)), of_class_(classes), counts_(classes, 0) {}

std::span<const float> MemoryRows::values(std::size_t row) const {
  const Place place = places_[row];
  return std::span(blocks_[place.block].values).subspan(place.slot * stride_, dimension_);
}

MemoryRows::Place MemoryRows::new_place(std::uint8_t label) {
  std::vector<std::uint32_t>& own = of_class_[label];
  if (own.empty() || blocks_[own.back()].used == kMemoryBlock) {
    if (empty_.empty()) {
      empty_.push_back(static_cast<std::uint32_t>(blocks_.size()));
      Block& block = blocks_.emplace_back();
      block.values.resize(kMemoryBlock * stride_, 0.0F);
      block.squared_norms.resize(kMemoryBlock, 0.0F);
      block.numbers.resize(kMemoryBlock, 0);
    }
    own.push_back(empty_.back());
    empty_.pop_back();
    blocks_[own.back()].label = label;
  }
  ++counts_[label];
  return {own.back(), static_cast<std::uint32_t>(blocks_[own.back()].used++)};
}

void MemoryRows::write(std::uint32_t row, std::span<const float> values) {
  assert(values.size() == dimension_);
  const Place place = places_[row];
  Block& block = blocks_[place.block];
  std::copy(values.begin(), values.end(),
            block.values.begin() + static_cast<std::ptrdiff_t>(place.slot * stride_));
  block.squared_norms[place.slot] = squared_norm(values);
  block.numbers[place.slot] = row;
}

std::uint32_t MemoryRows::add(std::span<const float> values, std::uint8_t label, std::uint32_t counter,
                              std::uint32_t now) {
  assert(label < classes());
  const auto row = static_cast<std::uint32_t>(size());
  places_.push_back(new_place(label));
  counters_.push_back(counter);
  changed_.push_back(now);
  write(row, values);
  return row;
}

void MemoryRows::leave(std::uint32_t row) {
  const Place hole = places_[row];
  const std::uint8_t old = blocks_[hole.block].label;
  Block& last = blocks_[of_class_[old].back()];
  const std::uint32_t moved = last.numbers[--last.used];
  if (moved != row) {
    const std::vector<float> kept(values(moved).begin(), values(moved).end());
    places_[moved] = hole;
    write(moved, kept);
  }
  if (last.used == 0) {
    empty_.push_back(of_class_[old].back());
    of_class_[old].pop_back();
  }
  --counts_[old];
}

void MemoryRows::replace(std::uint32_t row, std::span<const float> values, std::uint8_t label,
                         std::uint32_t now) {
  assert(row < size() && label < classes());
  leave(row);
  places_[row] = new_place(label);
  counters_[row] = 1;
  changed_[row] = now;
  write(row, values);
}

void MemoryRows::average(std::uint32_t row, std::span<const double> sum, std::uint32_t n, std::uint32_t now) {
  assert(sum.size() == dimension_);
  const Place place = places_[row];
  Block& block = blocks_[place.block];
  const std::span<float> own = std::span(block.values).subspan(place.slot * stride_, dimension_);
  const double before = counters_[row];
  for (std::size_t j = 0; j < dimension_; ++j) {
    own[j] = static_cast<float>((before * static_cast<double>(own[j]) + sum[j]) / (before + n));
  }
  block.squared_norms[place.slot] = squared_norm(own);
  counters_[row] += n;
  changed_[row] = now;
}

}  // namespace shallows
