// Complex cells: each pools simple cells that have the same filter at nearby places, as those of the primary
// visual cortex were thought to by Hubel and Wiesel (1962). Its answer depends less on where a feature is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "encoders/receptive_fields.hpp"
#include "sim/core/fields.hpp"

namespace shallows {

/// The places of a complex cell's simple cells: the field itself, shifted each way.
struct Pool {
  std::size_t reach = 0;  ///< pixels, the farthest shift; 0: simple cells only
  std::size_t step = 0;   ///< pixels between shifts, divides reach; 0: by -reach, 0 and +reach only

  static Fields<Pool> fields();

  /// The shifts along one axis, ascending; {0} without pooling.
  std::vector<int> shifts() const;
};

/// How the responses at the places become one.
enum class Pooling {
  largest,
  mean,
};

struct ComplexCells {
  Pool pool = {};
  Pooling pooling = Pooling::largest;  ///< of rate networks and memories

  static Fields<ComplexCells> fields();
};

/// The same filters elsewhere; a field at the border stays in the image.
ReceptiveFields shifted(const ReceptiveFields& bank, int down, int right);

/// The bank at every shift (rows first), of which response i together makes complex cell i; the bank alone
/// without pooling.
std::vector<ReceptiveFields> at_all_shifts(const ReceptiveFields& bank, const Pool& pool);

/// A population of simple cells in locality order, each place of a field once, and which belong to each field
/// of the bank.
struct SimpleCells {
  ReceptiveFields fields;
  std::vector<std::vector<std::uint32_t>> of_field;  ///< simple cells, ascending
};
SimpleCells simple_cells(const ReceptiveFields& bank, const Pool& pool);

}  // namespace shallows
