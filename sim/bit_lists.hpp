// Rows of bits to lists of positions, vectorised: how a block of neurons finds the arrivals that concern it
// and the arrivals at which it spiked. Bit k of a row is bit k % 64 of word k / 64.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace shallows {

/// Elements that list_* may write past the end of the list.
inline constexpr std::size_t kBitListSlack = 64;

std::size_t count_set_bits(std::span<const std::uint64_t> bits);

/// The positions of the set bits, ascending; returns how many. At most 1024 words; `positions` has room for
/// the list and kBitListSlack more.
std::size_t list_set_bits(std::span<const std::uint64_t> bits, std::uint16_t* positions);

/// The indices of the words that are not zero, ascending; returns how many. At most 65536 words; `indices`
/// has room for the list and kBitListSlack more.
std::size_t list_nonzero_words(std::span<const std::uint64_t> words, std::uint16_t* indices);

/// Bit k of rows[b * stride] becomes bit b of masks[k], for b < bits <= 16; counts[b] tells how many are set.
/// `masks` is read in whole words of 64 masks: there are zeros past `count`.
void split_masks(const std::uint16_t* masks, std::size_t count, std::size_t bits, std::uint64_t* rows,
                 std::size_t stride, std::size_t* counts);

/// Bit k of row r of `rows` becomes bit `r` of the word mask_of(k): rows are columns of the masks. `rows`
/// holds 64 rows (one for each bit of a mask) of `stride` words, `count` bits of each are written, rounded up
/// to whole words.
template <class MaskOf>
void transpose_masks(std::size_t count, MaskOf&& mask_of, std::uint64_t* rows, std::size_t stride);

/// Transposes a matrix of 64 x 64 bits in place: row r is words[r].
void transpose_64(std::uint64_t* words);

template <class MaskOf>
void transpose_masks(std::size_t count, MaskOf&& mask_of, std::uint64_t* rows, std::size_t stride) {
  for (std::size_t first = 0; first < count; first += 64) {
    std::uint64_t square[64] = {};
    const std::size_t size = count - first < 64 ? count - first : 64;
    for (std::size_t k = 0; k < size; ++k) square[k] = mask_of(first + k);
    transpose_64(square);
    for (std::size_t r = 0; r < 64; ++r) rows[r * stride + first / 64] = square[r];
  }
}

}  // namespace shallows
