// A hidden layer of the rate network that does not learn: computed for many images at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "encoders/complex_cells.hpp"
#include "models/banks/learning/inhibited_populations.hpp"
#include "models/rate/activations.hpp"
#include "sim/core/aligned_vector.hpp"
#include "sim/layer/packed_synapses.hpp"

namespace shallows {

class FixedRateLayer {
 public:
  /// `places` are the synapses of simple cells at each place, which are pooled if there are several. With
  /// inhibition the populations answer instead of the activation function.
  FixedRateLayer(std::span<const Synapses> places, Pooling pooling, std::vector<float> biases,
                 ActivationChoice activation, std::optional<InhibitedPopulations> inhibited = std::nullopt);

  std::size_t size() const { return biases_.size(); }
  std::size_t inputs() const { return places_.front().source_count(); }
  const std::vector<float>& biases() const { return biases_; }
  void set_biases(std::span<const float> biases) { biases_.assign(biases.begin(), biases.end()); }

  /// Multiply-adds for one image, counting existing synapses only, and lateral ones once.
  std::uint64_t synaptic_operations() const;
  std::uint64_t lateral_operations() const { return inhibited_ ? inhibited_->synapses() : 0; }
  std::size_t bytes() const;

  /// Values between the answers to two images in `out` of respond().
  std::size_t row() const { return places_.front().padded_targets(); }
  /// `in` holds inputs() values for each image, one after the other; `out`, resized, receives size() for
  /// each, row() apart. Images and blocks of neurons in parallel (TBB); an answer does not depend on the
  /// others.
  void respond(std::span<const float> in, AlignedVector<float>& out) const;

 private:
  void activate(std::span<float> row) const;
  void add_place(std::span<const float> at_place, std::span<float> pooled) const;

  std::vector<PackedSynapses<float>> places_;
  std::uint64_t synapses_ = 0;
  Pooling pooling_;
  std::vector<float> biases_;
  ActivationChoice activation_;
  std::optional<InhibitedPopulations> inhibited_;
};

/// Brings rows of `size` values that are `row` apart together.
void close_ranks(AlignedVector<float>& rows, std::size_t row, std::size_t size);

}  // namespace shallows
