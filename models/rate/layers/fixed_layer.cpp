#include "models/rate/layers/fixed_layer.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace shallows {

FixedRateLayer::FixedRateLayer(std::span<const Synapses> places, Pooling pooling, std::vector<float> biases,
                               ActivationChoice activation, std::optional<InhibitedPopulations> inhibited)
    : pooling_(pooling),
      biases_(std::move(biases)),
      activation_(activation),
      inhibited_(std::move(inhibited)) {
  assert(!places.empty() && (places.size() == 1 || !inhibited_));
  for (const Synapses& synapses : places) {
    assert(synapses.targets() == biases_.size());
    places_.emplace_back(synapses, std::vector<double>(biases_.size(), 1.0));
    synapses_ += synapses.sources.size();
  }
}

std::uint64_t FixedRateLayer::synaptic_operations() const { return synapses_ + lateral_operations(); }

std::size_t FixedRateLayer::bytes() const {
  std::size_t bytes = 0;
  for (const PackedSynapses<float>& synapses : places_) bytes += synapses.bytes();
  return bytes;
}

void FixedRateLayer::activate(std::span<float> row) const {
  for (std::size_t i = 0; i < row.size(); ++i) row[i] += biases_[i];
  if (inhibited_) return inhibited_->respond(row);
  with_chosen(Activations(), activation_.index(), [&]<class Activation>() {
    for (float& rate : row) rate = Activation::answer(rate);
  });
}

/// The largest activation gives the largest answer, the mean is that of the answers.
void FixedRateLayer::add_place(std::span<const float> at_place, std::span<float> pooled) const {
  if (pooling_ == Pooling::largest) {
    for (std::size_t i = 0; i < pooled.size(); ++i) pooled[i] = std::max(pooled[i], at_place[i]);
    return;
  }
  const float share = 1.0F / static_cast<float>(places_.size());
  with_chosen(Activations(), activation_.index(), [&]<class Activation>() {
    for (std::size_t i = 0; i < pooled.size(); ++i)
      pooled[i] += share * Activation::answer(at_place[i] + biases_[i]);
  });
}

void FixedRateLayer::respond(std::span<const float> in, AlignedVector<float>& out) const {
  const std::size_t count = in.size() / inputs();
  assert(in.size() == count * inputs());
  out.resize(count * row());
  // Who asks for one image has others to ask for at the same time.
  const auto multiply = [&](const PackedSynapses<float>& place, AlignedVector<float>& rows) {
    if (count == 1) return place.multiply(in, rows);
    place.multiply_many(in, rows);
  };
  const auto each_image = [&](auto&& use) {
    if (count == 1) return use(std::size_t{0});
    tbb::parallel_for(std::size_t{0}, count, [&](std::size_t k) { use(k * row()); });
  };
  const auto row_of = [&](AlignedVector<float>& rows, std::size_t first) {
    return std::span(rows).subspan(first, size());
  };
  if (places_.size() == 1) {
    multiply(places_.front(), out);
    each_image([&](std::size_t first) { activate(row_of(out, first)); });
    return;
  }
  AlignedVector<float> at_place(out.size());
  if (pooling_ == Pooling::mean) std::fill(out.begin(), out.end(), 0.0F);
  for (std::size_t p = 0; p < places_.size(); ++p) {
    const bool first_of_largest = p == 0 && pooling_ == Pooling::largest;
    AlignedVector<float>& rows = first_of_largest ? out : at_place;
    multiply(places_[p], rows);
    if (first_of_largest) continue;
    each_image([&](std::size_t first) { add_place(row_of(at_place, first), row_of(out, first)); });
  }
  if (pooling_ == Pooling::largest) each_image([&](std::size_t first) { activate(row_of(out, first)); });
}

void close_ranks(AlignedVector<float>& rows, std::size_t row, std::size_t size) {
  if (row == size) return;
  const std::size_t count = rows.size() / row;
  for (std::size_t k = 1; k < count; ++k) std::copy_n(rows.data() + k * row, size, rows.data() + k * size);
  rows.resize(count * size);
}

}  // namespace shallows
