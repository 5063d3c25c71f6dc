#include "sim/bit_lists.hpp"

#include <cassert>

// Compressing 16-bit lanes takes one instruction from this target on.
#define HWY_WANT_AVX3_DL
// Only the baseline and the wide instruction sets are worth a copy.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/bit_lists.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace shallows::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

HWY_INLINE std::size_t append_set_bits(std::uint64_t word, std::size_t base, std::uint16_t* positions) {
  const hn::CappedTag<std::uint16_t, 32> d;
  constexpr std::size_t kLanes = hn::MaxLanes(decltype(d)());
  const auto first = hn::Iota(d, static_cast<std::uint16_t>(base));
  std::size_t size = 0;
  for (std::size_t lane = 0; lane < 64; lane += kLanes) {
    const std::uint64_t bits = word >> lane;
    const auto place = hn::Add(first, hn::Set(d, static_cast<std::uint16_t>(lane)));
    size += hn::CompressBitsStore(place, reinterpret_cast<const std::uint8_t*>(&bits), d, positions + size);
  }
  return size;
}

std::size_t count_set_bits(const std::uint64_t* bits, std::size_t words) {
  std::size_t count = 0;
  for (std::size_t w = 0; w < words; ++w) count += hwy::PopCount(bits[w]);
  return count;
}

std::size_t list_set_bits(const std::uint64_t* bits, std::size_t words, std::uint16_t* positions) {
  std::size_t size = 0;
  for (std::size_t w = 0; w < words; ++w) size += append_set_bits(bits[w], w * 64, positions + size);
  return size;
}

std::size_t list_nonzero_words(const std::uint64_t* words, std::size_t count, std::uint16_t* indices) {
  const hn::CappedTag<std::uint64_t, 8> d;
  constexpr std::size_t kLanes = hn::MaxLanes(decltype(d)());
  std::size_t size = 0;
  for (std::size_t first = 0; first < count; first += 64) {
    std::uint64_t nonzero = 0;
    const std::size_t end = count - first < 64 ? count - first : 64;
    std::size_t k = 0;
    for (; k + kLanes <= end; k += kLanes) {
      std::uint8_t bits[8] = {};
      hn::StoreMaskBits(d, hn::Ne(hn::LoadU(d, words + first + k), hn::Zero(d)), bits);
      nonzero |= std::uint64_t{bits[0]} << k;
    }
    for (; k < end; ++k) nonzero |= std::uint64_t{words[first + k] != 0} << k;
    size += append_set_bits(nonzero, first, indices + size);
  }
  return size;
}

void split_masks(const std::uint16_t* masks, std::size_t count, std::size_t bits, std::uint64_t* rows,
                 std::size_t stride, std::size_t* counts) {
  const hn::CappedTag<std::uint16_t, 32> d;
  constexpr std::size_t kLanes = hn::MaxLanes(decltype(d)());
  for (std::size_t b = 0; b < bits; ++b) {
    const auto bit = hn::Set(d, static_cast<std::uint16_t>(1U << b));
    counts[b] = 0;
    for (std::size_t first = 0; first < count; first += 64) {
      std::uint64_t word = 0;
      for (std::size_t lane = 0; lane < 64; lane += kLanes) {
        std::uint64_t part = 0;
        hn::StoreMaskBits(d, hn::TestBit(hn::LoadU(d, masks + first + lane), bit),
                          reinterpret_cast<std::uint8_t*>(&part));
        word |= part << lane;
      }
      rows[b * stride + first / 64] = word;
      counts[b] += hwy::PopCount(word);
    }
  }
}

/// A plain loop that the compiler turns into vector instructions.
void transpose_64(std::uint64_t* words) {
  // Swaps the off-diagonal quarters of ever smaller squares (Warren, Hacker's Delight, section 7-3).
  std::uint64_t mask = 0x00000000ffffffff;
  for (std::size_t half = 32; half != 0; half /= 2, mask ^= mask << half) {
    for (std::size_t top = 0; top < 64; top += 2 * half) {
      for (std::size_t r = top; r < top + half; ++r) {
        const std::uint64_t swapped = ((words[r] >> half) ^ words[r + half]) & mask;
        words[r] ^= swapped << half;
        words[r + half] ^= swapped;
      }
    }
  }
}

}  // namespace shallows::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shallows {

HWY_EXPORT(count_set_bits);
HWY_EXPORT(list_set_bits);
HWY_EXPORT(list_nonzero_words);
HWY_EXPORT(split_masks);
HWY_EXPORT(transpose_64);

std::size_t count_set_bits(std::span<const std::uint64_t> bits) {
  return HWY_DYNAMIC_DISPATCH(count_set_bits)(bits.data(), bits.size());
}

std::size_t list_set_bits(std::span<const std::uint64_t> bits, std::uint16_t* positions) {
  assert(bits.size() <= 1024);
  return HWY_DYNAMIC_DISPATCH(list_set_bits)(bits.data(), bits.size(), positions);
}

std::size_t list_nonzero_words(std::span<const std::uint64_t> words, std::uint16_t* indices) {
  assert(words.size() <= 65536);
  return HWY_DYNAMIC_DISPATCH(list_nonzero_words)(words.data(), words.size(), indices);
}

void split_masks(const std::uint16_t* masks, std::size_t count, std::size_t bits, std::uint64_t* rows,
                 std::size_t stride, std::size_t* counts) {
  assert(bits <= 16);
  HWY_DYNAMIC_DISPATCH(split_masks)(masks, count, bits, rows, stride, counts);
}

void transpose_64(std::uint64_t* words) { HWY_DYNAMIC_DISPATCH(transpose_64)(words); }

}  // namespace shallows
#endif  // HWY_ONCE
