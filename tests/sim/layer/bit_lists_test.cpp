#include "sim/vector/bit_lists.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/core/rng.hpp"
#include "tests/sim/instruction_sets.hpp"

namespace shallows {
namespace {

/// Words with bits set at this density, some of them empty and some full.
std::vector<std::uint64_t> random_words(std::size_t size, double density, std::uint64_t index) {
  Rng rng(5, Purpose::tests, index);
  std::vector<std::uint64_t> words(size);
  for (std::uint64_t& word : words) {
    const double kind = rng.uniform();
    if (kind < 0.2) continue;
    if (kind > 0.9) word = ~std::uint64_t{0};
    for (std::size_t bit = 0; bit < 64; ++bit) word |= std::uint64_t{rng.uniform() < density} << bit;
  }
  return words;
}

TEST(BitLists, ListTheSetBitsWithEveryInstructionSet) {
  for (const std::size_t size : {0U, 1U, 3U, 64U, 1024U}) {
    const auto words = random_words(size, 0.1, size);
    std::vector<std::uint16_t> expected;
    for (std::size_t k = 0; k < size * 64; ++k) {
      if ((words[k / 64] >> (k % 64) & 1) != 0) expected.push_back(static_cast<std::uint16_t>(k));
    }
    for (const auto& [name, targets] : lesser_machines()) {
      const PretendMachine machine(targets);
      std::vector<std::uint16_t> positions(size * 64 + kBitListSlack);
      positions.resize(list_set_bits(words, positions.data()));
      EXPECT_EQ(positions, expected) << name << ", " << size << " words";
    }
  }
}

template <class Value>
class BitListsOf : public ::testing::Test {};
using Values = ::testing::Types<std::uint32_t, float, double>;
TYPED_TEST_SUITE(BitListsOf, Values);

TYPED_TEST(BitListsOf, SelectTheValuesAtTheSetBitsWithEveryInstructionSet) {
  for (const std::size_t size : {0U, 1U, 63U, 64U, 65U, 1000U}) {
    std::vector<std::uint64_t> words = random_words((size + 63) / 64, 0.3, size);
    if (size % 64 != 0) words.back() &= (std::uint64_t{1} << size % 64) - 1;
    std::vector<TypeParam> values, expected;
    for (std::size_t k = 0; k < size; ++k) {
      values.push_back(static_cast<TypeParam>(3 * k + 1));
      if ((words[k / 64] >> (k % 64) & 1) != 0) expected.push_back(values.back());
    }
    for (const auto& [name, targets] : lesser_machines()) {
      const PretendMachine machine(targets);
      std::vector<TypeParam> selected(expected.size() + kBitListSlack);
      select_set_bits<TypeParam>(words, values, selected.data());
      selected.resize(expected.size());
      EXPECT_EQ(selected, expected) << name << ", " << size << " values";
    }
  }
}

TEST(BitLists, SplitNarrowMasksIntoRowsWithEveryInstructionSet) {
  constexpr std::size_t kBits = 9;
  constexpr std::size_t kStride = 4;
  for (const std::size_t size : {0U, 1U, 64U, 150U}) {
    std::vector<std::uint16_t> masks;
    for (const std::uint64_t word : random_words(size, 0.3, 11))
      masks.push_back(static_cast<std::uint16_t>(word));
    masks.resize(size + 64, 0);
    for (const auto& [name, targets] : lesser_machines()) {
      const PretendMachine machine(targets);
      std::vector<std::uint64_t> rows(kBits * kStride, 0);
      std::vector<std::size_t> counts(kBits, 7);
      split_masks(masks.data(), size, kBits, rows.data(), kStride, counts.data());
      for (std::size_t b = 0; b < kBits; ++b) {
        std::size_t count = 0;
        for (std::size_t k = 0; k < 64 * kStride; ++k) {
          const std::uint64_t expected = k < size ? masks[k] >> b & 1U : 0U;
          count += expected;
          EXPECT_EQ(rows[b * kStride + k / 64] >> (k % 64) & 1, expected) << name << ", " << b << ", " << k;
        }
        EXPECT_EQ(counts[b], count) << name << ", bit " << b;
      }
    }
  }
}

}  // namespace
}  // namespace shallows
