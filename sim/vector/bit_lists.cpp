#include "sim/vector/bit_lists.hpp"

#include <cassert>

// Compressing 16-bit lanes takes one instruction from this target on.
#define HWY_WANT_AVX3_DL
// Only the baseline and the wide instruction sets are worth a copy.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/vector/bit_lists.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "sim/vector/masks-inl.hpp"

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

template <class Value>
HWY_INLINE void select(const std::uint64_t* bits, std::size_t words, const Value* values, std::size_t count,
                       Value* out) {
  const hn::ScalableTag<Value> d;
  constexpr std::size_t kLanes = hn::MaxLanes(decltype(d)());
  std::size_t size = 0;
  for (std::size_t w = 0; w < words; ++w) {
    std::uint64_t word = bits[w];
    if (w * 64 + 64 > count) {
      for (; word != 0; word &= word - 1)
        out[size++] = values[w * 64 + hwy::Num0BitsBelowLS1Bit_Nonzero64(word)];
      continue;
    }
    for (std::size_t lane = 0; lane < 64; lane += kLanes) {
      const std::uint64_t of_lanes = word >> lane;
      size += hn::CompressBitsStore(hn::LoadU(d, values + w * 64 + lane),
                                    reinterpret_cast<const std::uint8_t*>(&of_lanes), d, out + size);
    }
  }
}

void select_4_bytes(const std::uint64_t* bits, std::size_t words, const std::uint32_t* values,
                    std::size_t count, std::uint32_t* out) {
  select(bits, words, values, count, out);
}

void select_8_bytes(const std::uint64_t* bits, std::size_t words, const std::uint64_t* values,
                    std::size_t count, std::uint64_t* out) {
  select(bits, words, values, count, out);
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
HWY_EXPORT(select_4_bytes);
HWY_EXPORT(select_8_bytes);
HWY_EXPORT(split_masks);

std::size_t list_set_bits(std::span<const std::uint64_t> bits, std::uint16_t* positions) {
  assert(bits.size() <= 1024);
  return HWY_DYNAMIC_DISPATCH(list_set_bits)(bits.data(), bits.size(), positions);
}

template <class Value>
void select_set_bits(std::span<const std::uint64_t> bits, std::span<const Value> values, Value* out) {
  assert(bits.size() <= (values.size() + 63) / 64);
  if constexpr (sizeof(Value) == 4) {
    HWY_DYNAMIC_DISPATCH(select_4_bytes)
    (bits.data(), bits.size(), reinterpret_cast<const std::uint32_t*>(values.data()), values.size(),
     reinterpret_cast<std::uint32_t*>(out));
  } else {
    HWY_DYNAMIC_DISPATCH(select_8_bytes)
    (bits.data(), bits.size(), reinterpret_cast<const std::uint64_t*>(values.data()), values.size(),
     reinterpret_cast<std::uint64_t*>(out));
  }
}

template void select_set_bits<std::uint32_t>(std::span<const std::uint64_t>, std::span<const std::uint32_t>,
                                             std::uint32_t*);
template void select_set_bits<float>(std::span<const std::uint64_t>, std::span<const float>, float*);
template void select_set_bits<double>(std::span<const std::uint64_t>, std::span<const double>, double*);

void split_masks(const std::uint16_t* masks, std::size_t count, std::size_t bits, std::uint64_t* rows,
                 std::size_t stride, std::size_t* counts) {
  assert(bits <= 16);
  HWY_DYNAMIC_DISPATCH(split_masks)(masks, count, bits, rows, stride, counts);
}

}  // namespace shallows
#endif  // HWY_ONCE
