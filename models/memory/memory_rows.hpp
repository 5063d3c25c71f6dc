// The rows of a memory: prototypes with a class, a counter and the time of their last change.
//
// Rows of one class lie together in blocks, the left operands of the matrix products of memory_search.hpp. A
// row keeps its number for ever; where it lies is nobody else's business.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/core/aligned_vector.hpp"

namespace shallows {

/// Rows in a block: enough to pay for a look at the inputs, few enough to leave the cache to their products.
inline constexpr std::size_t kMemoryBlock = 192;
/// Values of a row in memory, a multiple of the cache line; those beyond its dimension are zero.
std::size_t padded_dimension(std::size_t dimension);

class MemoryRows {
 public:
  struct Block {
    std::uint8_t label = 0;
    std::size_t used = 0;
    AlignedVector<float> values = {};         ///< [kMemoryBlock][stride]
    std::vector<float> squared_norms = {};    ///< [kMemoryBlock]
    std::vector<std::uint32_t> numbers = {};  ///< of the rows, [kMemoryBlock]
  };

  MemoryRows(std::size_t dimension, std::size_t classes);

  std::size_t size() const { return places_.size(); }
  std::size_t dimension() const { return dimension_; }
  std::size_t stride() const { return stride_; }
  std::size_t classes() const { return of_class_.size(); }

  /// Rows of the class.
  std::size_t count(std::size_t label) const { return counts_[label]; }
  std::uint8_t label(std::size_t row) const { return blocks_[places_[row].block].label; }
  std::uint32_t counter(std::size_t row) const { return counters_[row]; }
  std::uint32_t changed(std::size_t row) const { return changed_[row]; }
  std::span<const float> values(std::size_t row) const;

  std::span<const Block> blocks() const { return blocks_; }
  /// Indices of the class's blocks.
  std::span<const std::uint32_t> blocks_of(std::size_t label) const { return of_class_[label]; }

  /// A new row. `values` has dimension() of them here and below.
  std::uint32_t add(std::span<const float> values, std::uint8_t label, std::uint32_t counter,
                    std::uint32_t now);
  /// Puts another input in the row's place, with counter 1.
  void replace(std::uint32_t row, std::span<const float> values, std::uint8_t label, std::uint32_t now);
  /// r <- (c r + sum of n inputs) / (c + n), c <- c + n. Different rows may be averaged in parallel.
  void average(std::uint32_t row, std::span<const double> sum, std::uint32_t n, std::uint32_t now);

 private:
  struct Place {
    std::uint32_t block;
    std::uint32_t slot;
  };

  Place new_place(std::uint8_t label);
  void write(std::uint32_t row, std::span<const float> values);
  void leave(std::uint32_t row);

  std::size_t dimension_;
  std::size_t stride_;
  std::vector<Block> blocks_;
  std::vector<std::uint32_t> empty_;                  // blocks without rows
  std::vector<std::vector<std::uint32_t>> of_class_;  // only the last block of a class has free slots
  std::vector<std::size_t> counts_;
  std::vector<Place> places_;
  std::vector<std::uint32_t> counters_;
  std::vector<std::uint32_t> changed_;
};

}  // namespace shallows
