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

#include "sim/masks-inl.hpp"

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

std::size_t list_set_bits(const std::uint64_t* bits, std::size_t words, std::uint16_t* positions) {
  std::size_t size = 0;
  for (std::size_t w = 0; w < words; ++w) size += append_set_bits(bits[w], w * 64, positions + size);
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
        word |= bits_of(d, hn::TestBit(hn::LoadU(d, masks + first + lane), bit)) << lane;
      }
      rows[b * stride + first / 64] = word;
      counts[b] += hwy::PopCount(word);
    }
  }
}

}  // namespace shallows::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shallows {

HWY_EXPORT(list_set_bits);
HWY_EXPORT(split_masks);

std::size_t list_set_bits(std::span<const std::uint64_t> bits, std::uint16_t* positions) {
  assert(bits.size() <= 1024);
  return HWY_DYNAMIC_DISPATCH(list_set_bits)(bits.data(), bits.size(), positions);
}

void split_masks(const std::uint16_t* masks, std::size_t count, std::size_t bits, std::uint64_t* rows,
                 std::size_t stride, std::size_t* counts) {
  assert(bits <= 16);
  HWY_DYNAMIC_DISPATCH(split_masks)(masks, count, bits, rows, stride, counts);
}

}  // namespace shallows
#endif  // HWY_ONCE
