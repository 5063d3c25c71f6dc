#include "sim/core/rng.hpp"

#include <Random123/philox.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <set>
#include <span>
#include <vector>

// The streams are fixed by their seeds, so a statistical test gives the same verdict every time. Its bound is
// where a correct generator would fall with probability 1e-6 or less over the choice of the seed.

namespace shallows {
namespace {

Rng stream(std::uint64_t index) { return {12345, Purpose::tests, index}; }

/// Upper 1e-6 quantiles of the chi-square distribution by degrees of freedom.
double chi_square_bound(std::size_t degrees) {
  return std::map<std::size_t, double>{{2, 27.631}, {5, 35.888}, {9, 44.811}, {99, 180.792}}.at(degrees);
}

double chi_square(const std::vector<std::size_t>& counts) {
  const double expected = static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::size_t{0})) /
                          static_cast<double>(counts.size());
  double sum = 0.0;
  for (const std::size_t count : counts) {
    const double difference = static_cast<double>(count) - expected;
    sum += difference * difference / expected;
  }
  return sum;
}

TEST(Philox, GivesTheKnownAnswersOfRandom123) {
  using Philox = r123::Philox4x32;
  using Counter = Philox::ctr_type;
  const auto block = [](Counter counter, Philox::key_type key) { return Philox{}(counter, key); };
  EXPECT_EQ(block({{0, 0, 0, 0}}, {{0, 0}}), (Counter{{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}}));
  const std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(block({{ones, ones, ones, ones}}, {{ones, ones}}),
            (Counter{{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}}));
  EXPECT_EQ(block({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, {{0xa4093822, 0x299f31d0}}),
            (Counter{{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}));
}

TEST(Rng, StartsWithTheKnownAnswerOfTheZeroKey) {
  Rng rng(0, static_cast<Purpose>(0), 0);
  for (const std::uint32_t expected : {0x6627e8d5U, 0xe169c58dU, 0xbc57ac4cU, 0x9b00dbd8U}) {
    EXPECT_EQ(rng.bits32(), expected);
  }
}

TEST(Rng, CountsBlocksUnderItsSeedPurposeAndIndex) {
  // The layout of counter and key is part of every published result: it must not change.
  Rng rng(0x0123456789abcdef, Purpose::threshold, 0xfedcba9876543210);
  for (std::uint32_t n = 0; n < 3; ++n) {
    const auto block = r123::Philox4x32{}({{n, 4, 0x76543210, 0xfedcba98}}, {{0x89abcdef, 0x01234567}});
    for (const std::uint32_t expected : block) ASSERT_EQ(rng.bits32(), expected);
  }
}

TEST(Rng, JoinsTwoWordsLowWordFirst) {
  Rng words = stream(0);
  Rng rng = stream(0);
  const std::uint64_t low = words.bits32();
  const std::uint64_t high = words.bits32();
  EXPECT_EQ(rng.bits64(), high << 32 | low);
}

TEST(Rng, RepeatsForTheSameKey) {
  Rng a = stream(7);
  Rng b = stream(7);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(a.bits32(), b.bits32());
}

TEST(Rng, DiffersWhenSeedPurposeOrIndexDiffer) {
  std::vector<Rng> streams;
  for (const std::uint64_t seed : {0ULL, 1ULL, 1ULL << 32}) {
    for (const Purpose purpose : {Purpose::threshold, Purpose::sampling}) {
      for (const std::uint64_t index : {0ULL, 1ULL, 1ULL << 32}) streams.emplace_back(seed, purpose, index);
    }
  }
  std::set<std::uint64_t> seen;
  for (Rng& rng : streams) {
    for (int i = 0; i < 100; ++i) seen.insert(rng.bits64());
  }
  EXPECT_EQ(seen.size(), streams.size() * 100);
}

TEST(Rng, IsUniformInTheUnitInterval) {
  Rng rng = stream(1);
  constexpr std::size_t n = 1'000'000;
  std::vector<std::size_t> counts(100, 0);
  double sum = 0.0;
  double sum_of_squares = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const double u = rng.uniform();
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    ASSERT_EQ(std::ldexp(u, 53), std::floor(std::ldexp(u, 53)));
    ++counts[static_cast<std::size_t>(u * 100.0)];
    sum += u;
    sum_of_squares += (u - 0.5) * (u - 0.5);
  }
  // Five standard errors: sqrt(1 / 12 / n) = 2.9e-4 and sqrt(1 / 180 / n) = 7.5e-5.
  EXPECT_NEAR(sum / n, 0.5, 5 * 2.9e-4);
  EXPECT_NEAR(sum_of_squares / n, 1.0 / 12.0, 5 * 7.5e-5);
  EXPECT_LT(chi_square(counts), chi_square_bound(99));
}

TEST(Rng, IsUniformBetweenBounds) {
  Rng unit = stream(2);
  Rng rng = stream(2);
  for (int i = 0; i < 1000; ++i) {
    const double x = rng.uniform(-3.0, 5.0);
    ASSERT_EQ(x, -3.0 + 8.0 * unit.uniform());
    ASSERT_TRUE(-3.0 <= x && x < 5.0);
  }
}

TEST(Rng, IsNormalWithZeroMeanAndUnitVariance) {
  Rng rng = stream(3);
  constexpr std::size_t n = 1'000'000;
  double sum = 0.0;
  double sum_of_squares = 0.0;
  double sum_of_products = 0.0;
  double last = 0.0;
  std::size_t beyond_two = 0;
  std::size_t below_zero = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double x = rng.normal();
    ASSERT_TRUE(std::isfinite(x));
    sum += x;
    sum_of_squares += x * x;
    sum_of_products += x * last;  // both halves of a Box-Muller pair, and neighbours of two pairs
    last = x;
    beyond_two += std::abs(x) > 2.0 ? 1 : 0;
    below_zero += x < 0.0 ? 1 : 0;
  }
  // Five standard errors: 1e-3, sqrt(2) 1e-3, 1e-3, sqrt(0.0455 * 0.9545) 1e-3, 0.5e-3.
  EXPECT_NEAR(sum / n, 0.0, 5e-3);
  EXPECT_NEAR(sum_of_squares / n, 1.0, 5 * 1.42e-3);
  EXPECT_NEAR(sum_of_products / n, 0.0, 5e-3);
  EXPECT_NEAR(static_cast<double>(beyond_two) / n, std::erfc(std::sqrt(2.0)), 5 * 2.1e-4);
  EXPECT_NEAR(static_cast<double>(below_zero) / n, 0.5, 5 * 5e-4);
}

TEST(Rng, DrawsSmallIntegersWithoutBias) {
  Rng rng = stream(4);
  std::vector<std::size_t> counts(10, 0);
  for (int i = 0; i < 1'000'000; ++i) ++counts.at(rng.integer(10));
  EXPECT_LT(chi_square(counts), chi_square_bound(9));
}

TEST(Rng, DrawsLargeIntegersWithoutBias) {
  // For a bound of 3/4 of 2^32 a remainder favours the lower third, and a product without rejection favours
  // the multiples of 3, both by a factor of 2.
  constexpr std::uint32_t third = 1U << 30;
  Rng rng = stream(5);
  std::vector<std::size_t> by_size(3, 0);
  std::vector<std::size_t> by_remainder(3, 0);
  for (int i = 0; i < 300'000; ++i) {
    const std::uint32_t value = rng.integer(3 * third);
    ++by_size.at(value / third);
    ++by_remainder[value % 3];
  }
  EXPECT_LT(chi_square(by_size), chi_square_bound(2));
  EXPECT_LT(chi_square(by_remainder), chi_square_bound(2));
}

TEST(Rng, DrawsNothingButZeroBelowOne) {
  Rng rng = stream(6);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(rng.integer(1), 0U);
}

TEST(Rng, ShufflesToAPermutation) {
  std::vector<int> values(1000);
  std::iota(values.begin(), values.end(), 0);
  const std::vector<int> sorted = values;
  Rng rng = stream(8);
  rng.shuffle(std::span(values));
  EXPECT_NE(values, sorted);
  EXPECT_TRUE(std::is_permutation(values.begin(), values.end(), sorted.begin()));
}

TEST(Rng, ShufflesToEveryOrderEquallyOften) {
  Rng rng = stream(9);
  std::map<std::array<int, 3>, std::size_t> seen;
  for (int i = 0; i < 600'000; ++i) {
    std::array<int, 3> values = {0, 1, 2};
    rng.shuffle(std::span<int>(values));
    ++seen[values];
  }
  ASSERT_EQ(seen.size(), 6U);
  std::vector<std::size_t> counts;
  for (const auto& [order, count] : seen) counts.push_back(count);
  EXPECT_LT(chi_square(counts), chi_square_bound(5));
}

TEST(Rng, LeavesEmptyAndSingleSpansAlone) {
  Rng rng = stream(10);
  std::vector<int> none;
  rng.shuffle(std::span(none));
  std::vector<int> one = {42};
  rng.shuffle(std::span(one));
  EXPECT_EQ(one, std::vector<int>({42}));
  EXPECT_EQ(rng.bits32(), stream(10).bits32());
}

}  // namespace
}  // namespace shallows
