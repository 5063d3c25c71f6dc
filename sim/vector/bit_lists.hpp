// Rows of bits to lists of positions, vectorised: how a block of neurons finds the arrivals that concern it.
// Bit k of a row is bit k % 64 of word k / 64.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace shallows {

/// Elements that list_set_bits() and select_set_bits() may write past the end of the list.
inline constexpr std::size_t kBitListSlack = 64;

/// The positions of the set bits, ascending; returns how many. At most 1024 words; `positions` has room for
/// the list and kBitListSlack more.
std::size_t list_set_bits(std::span<const std::uint64_t> bits, std::uint16_t* positions);

/// The values whose bits are set, in their order; Value is a type of 4 or 8 bytes. Bits past the values are
/// not set; `out` has room for the list and kBitListSlack more.
template <class Value>
void select_set_bits(std::span<const std::uint64_t> bits, std::span<const Value> values, Value* out);

/// Bit k of rows[b * stride] becomes bit b of masks[k], for b < bits <= 16; counts[b] tells how many are set.
/// `masks` is read in whole words of 64 masks: there are zeros past `count`.
void split_masks(const std::uint16_t* masks, std::size_t count, std::size_t bits, std::uint64_t* rows,
                 std::size_t stride, std::size_t* counts);

}  // namespace shallows
