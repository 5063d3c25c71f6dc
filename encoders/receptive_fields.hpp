// A bank of receptive fields: what every hidden layer of the project is made of.
//
// n filters, each a patch x patch window of the image (all channels) at its own position. The rate network
// applies the bank as a linear map, the spiking network uses the same filters as synaptic weights, the memory
// network as features.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "encoders/image.hpp"
#include "sim/core/synapses.hpp"

namespace shallows {

/// Row and column of a filter's upper left pixel.
struct PatchPosition {
  std::uint16_t row;
  std::uint16_t column;

  friend auto operator<=>(const PatchPosition&, const PatchPosition&) = default;
};

/// How the neurons of a bank that was learned in competition inhibit each other. Filters without it, the
/// linear map, are what most networks use.
struct LateralInhibition {
  std::size_t population = 1;     ///< so many neighbours in the bank inhibit each other and no others
  std::vector<float> weights;     ///< [population][from][to], at least 0; none from a neuron to itself
  std::vector<float> thresholds;  ///< one per neuron, in the unit of the filters' responses

  friend bool operator==(const LateralInhibition&, const LateralInhibition&) = default;
};

class ReceptiveFields {
 public:
  ReceptiveFields() = default;

  /// `filters` holds positions.size() filters one after the other, each [channel][row][column] of the patch.
  ReceptiveFields(ImageShape shape, std::size_t patch, std::vector<PatchPosition> positions,
                  std::vector<float> filters, std::optional<LateralInhibition> inhibition = std::nullopt);

  const ImageShape& shape() const { return shape_; }
  std::size_t size() const { return positions_.size(); }
  std::size_t patch() const { return patch_; }
  /// Weights in one filter: channels * patch * patch.
  std::size_t filter_size() const { return shape_.channels * patch_ * patch_; }

  PatchPosition position(std::size_t i) const { return positions_[i]; }
  std::span<const float> filter(std::size_t i) const {
    return std::span(filters_).subspan(i * filter_size(), filter_size());
  }
  std::span<const PatchPosition> positions() const { return positions_; }
  std::span<const float> filters() const { return filters_; }
  const std::optional<LateralInhibition>& inhibition() const { return inhibition_; }

  /// Index in the image of the pixel under weight k of filter i.
  std::size_t pixel(std::size_t i, std::size_t k) const;

  /// out[i] = sum over k of filter(i)[k] * pixels[pixel(i, k)], in double, in the order of k: the plain
  /// definition. The networks have faster ways, tested against this one.
  void apply(std::span<const float> pixels, std::span<double> out) const;

 private:
  ImageShape shape_;
  std::size_t patch_ = 0;
  std::vector<PatchPosition> positions_;
  std::vector<float> filters_;
  std::optional<LateralInhibition> inhibition_;
};

/// An order of the filters in which neighbours have overlapping patches; banks are stored in it, so that a
/// contiguous run of neurons shares most of its pixels. Deterministic.
std::vector<std::size_t> locality_order(std::span<const PatchPosition> positions);

/// The filters as synapses from the pixels to one neuron per filter.
Synapses to_synapses(const ReceptiveFields& bank);

}  // namespace shallows
