#include "models/memory/memory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "sim/core/rng.hpp"

namespace shallows {
namespace {

constexpr std::size_t kDimension = 37;
constexpr std::size_t kClasses = 4;

struct Samples {
  std::vector<float> values;
  std::vector<std::uint8_t> labels;

  std::size_t size() const { return labels.size(); }
  std::span<const float> value(std::size_t i) const {
    return std::span(values).subspan(i * kDimension, kDimension);
  }
  std::span<const float> range(std::size_t first, std::size_t count) const {
    return std::span(values).subspan(first * kDimension, count * kDimension);
  }
};

/// Multiples of 1/255, as pixels are, around one centre for each class.
Samples samples(std::size_t count, std::uint64_t index) {
  Rng rng(91, Purpose::tests, index);
  Samples result;
  for (std::size_t i = 0; i < count; ++i) {
    result.labels.push_back(static_cast<std::uint8_t>(rng.integer(kClasses)));
    for (std::size_t j = 0; j < kDimension; ++j) {
      const std::uint32_t base = j % kClasses == result.labels.back() ? 120 : 0;
      result.values.push_back(static_cast<float>(base + rng.integer(130)) / 255.0F);
    }
  }
  return result;
}

void learn_all(Memory& memory, const Samples& set, std::size_t batch) {
  for (std::size_t first = 0; first < set.size(); first += batch) {
    const std::size_t count = std::min(batch, set.size() - first);
    memory.learn(set.range(first, count), std::span(set.labels).subspan(first, count));
  }
}

std::uint64_t sum_of_counters(const Memory& memory) {
  std::uint64_t sum = 0;
  for (std::size_t row = 0; row < memory.rows().size(); ++row) sum += memory.rows().counter(row);
  return sum;
}

std::vector<float> all_values(const Memory& memory) {
  std::vector<float> values;
  for (std::size_t row = 0; row < memory.rows().size(); ++row) {
    const auto own = memory.rows().values(row);
    values.insert(values.end(), own.begin(), own.end());
  }
  return values;
}

/// The nearest row of the class by the plain definition; the first of equal ones.
std::uint32_t plain_winner(const MemoryRows& rows, Distance distance, std::span<const float> x,
                           std::uint8_t label) {
  std::uint32_t best = Match::kNone;
  double least = 0.0;
  for (std::uint32_t row = 0; row < rows.size(); ++row) {
    if (rows.label(row) != label) continue;
    const double d = plain_distance(distance, x, rows.values(row));
    if (best == Match::kNone || d < least) {
      best = row;
      least = d;
    }
  }
  return best;
}

TEST(MemorySearch, FindsTheNearestRowsByTheDefinitionOfEachDistance) {
  const Samples stored = samples(700, 0);
  const Samples asked = samples(300, 1);
  MemoryRows rows(kDimension, kClasses);
  for (std::size_t i = 0; i < stored.size(); ++i) rows.add(stored.value(i), stored.labels[i], 1, 0);
  for (const Distance distance : {Distance::l2, Distance::l1, Distance::cosine}) {
    constexpr std::size_t k = 6;
    const std::vector<Match> found = nearest_rows(rows, distance, asked.values, k);
    const std::vector<Match> own = nearest_of_class(rows, distance, asked.values, asked.labels);
    ASSERT_EQ(found.size(), asked.size() * k);
    for (std::size_t i = 0; i < asked.size(); ++i) {
      std::vector<double> expected;
      for (std::size_t row = 0; row < rows.size(); ++row)
        expected.push_back(plain_distance(distance, asked.value(i), rows.values(row)));
      for (std::size_t j = 0; j < k; ++j)
        EXPECT_NEAR(static_cast<double>(found[i * k + j].distance), expected[found[i * k + j].row], 2e-5);
      const std::uint32_t winner = plain_winner(rows, distance, asked.value(i), asked.labels[i]);
      EXPECT_NEAR(expected[own[i].row], expected[winner], 2e-5);
      EXPECT_EQ(rows.label(own[i].row), asked.labels[i]);
      std::sort(expected.begin(), expected.end());
      for (std::size_t j = 0; j < k; ++j)
        EXPECT_NEAR(static_cast<double>(found[i * k + j].distance), expected[j], 2e-5);
    }
  }
}

TEST(MemorySearch, GivesTheSameBitsAloneInABatchAndFromAnotherPlace) {
  const Samples stored = samples(500, 2);
  const Samples asked = samples(70, 3);
  MemoryRows rows(kDimension, kClasses), moved(kDimension, kClasses);
  for (std::size_t i = 0; i < stored.size(); ++i) rows.add(stored.value(i), stored.labels[i], 1, 0);
  // The same rows by the same numbers, but each replaced once: they lie in other slots and blocks.
  for (std::size_t i = 0; i < stored.size(); ++i) moved.add(stored.value(0), 0, 1, 0);
  for (std::size_t i = stored.size(); i-- > 0;)
    moved.replace(static_cast<std::uint32_t>(i), stored.value(i), stored.labels[i], 0);
  for (const Distance distance : {Distance::l2, Distance::l1, Distance::cosine}) {
    const std::vector<Match> together = nearest_rows(rows, distance, asked.values, 3);
    EXPECT_EQ(nearest_rows(moved, distance, asked.values, 3), together);
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const std::vector<Match> alone = nearest_rows(rows, distance, asked.value(i), 3);
      EXPECT_TRUE(
          std::equal(alone.begin(), alone.end(), together.begin() + static_cast<std::ptrdiff_t>(3 * i)));
    }
  }
}

TEST(MemorySearch, SaysSoWhereThereAreNotEnoughRows) {
  const Samples set = samples(3, 4);
  MemoryRows rows(kDimension, kClasses);
  rows.add(set.value(0), 1, 1, 0);
  const std::vector<Match> found = nearest_rows(rows, Distance::l2, set.values, 2);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(found[2 * i].found());
    EXPECT_FALSE(found[2 * i + 1].found());
  }
  const std::vector<std::uint8_t> labels = {1, 2, 1};
  const std::vector<Match> own = nearest_of_class(rows, Distance::l2, set.values, labels);
  EXPECT_TRUE(own[0].found());
  EXPECT_FALSE(own[1].found());
}

TEST(Memory, StoresTheFirstInputsAsTheyAre) {
  const Samples set = samples(50, 5);
  Memory memory({.max_neurons = 60, .batch = 20}, kDimension, kClasses);
  learn_all(memory, set, 20);
  ASSERT_EQ(memory.rows().size(), 50U);
  EXPECT_EQ(all_values(memory), set.values);
  for (std::size_t row = 0; row < 50; ++row) {
    EXPECT_EQ(memory.rows().label(row), set.labels[row]);
    EXPECT_EQ(memory.rows().counter(row), 1U);
  }
}

TEST(Memory, KeepsEveryRowTheMeanOfItsInputs) {
  const Samples set = samples(2000, 6);
  for (const std::size_t batch : {std::size_t{1}, std::size_t{64}}) {
    Memory memory({.max_neurons = 40, .batch = batch}, kDimension, kClasses);
    std::vector<std::vector<double>> sums;
    std::vector<double> counts;
    for (std::size_t first = 0; first < set.size(); first += batch) {
      const std::size_t count = std::min(batch, set.size() - first);
      for (std::size_t i = first; i < first + count; ++i) {
        // While there is place an input is a row; later the winner is fixed before the batch.
        std::size_t row = i;
        if (i >= 40) row = plain_winner(memory.rows(), Distance::l2, set.value(i), set.labels[i]);
        if (i < 40) {
          sums.emplace_back(kDimension, 0.0);
          counts.push_back(0.0);
        }
        if (i >= 40 && first < 40) continue;  // matched after the fill, which the memory does inside
        for (std::size_t j = 0; j < kDimension; ++j) sums[row][j] += static_cast<double>(set.value(i)[j]);
        counts[row] += 1.0;
      }
      memory.learn(set.range(first, count), std::span(set.labels).subspan(first, count));
      if (first < 40 && first + count >= 40) {  // take over what the batch of the fill did
        for (std::size_t row = 0; row < 40; ++row) {
          counts[row] = memory.rows().counter(row);
          for (std::size_t j = 0; j < kDimension; ++j)
            sums[row][j] = static_cast<double>(memory.rows().values(row)[j]) * counts[row];
        }
      }
    }
    for (std::size_t row = 0; row < 40; ++row) {
      ASSERT_EQ(static_cast<double>(memory.rows().counter(row)), counts[row]) << "batch " << batch;
      for (std::size_t j = 0; j < kDimension; ++j) {
        EXPECT_NEAR(static_cast<double>(memory.rows().values(row)[j]), sums[row][j] / counts[row], 2e-6);
      }
    }
    EXPECT_EQ(sum_of_counters(memory), set.size());
  }
}

TEST(Memory, DoesNotDependOnTheOrderInsideABatchOnceItIsFull) {
  const Samples first = samples(60, 7);
  const Samples later = samples(500, 8);
  std::vector<std::uint32_t> order(later.size());
  std::iota(order.begin(), order.end(), 0U);
  Rng(5, Purpose::tests, 0).shuffle(std::span(order));
  Samples shuffled;
  for (const std::uint32_t i : order) {
    shuffled.labels.push_back(later.labels[i]);
    shuffled.values.insert(shuffled.values.end(), later.value(i).begin(), later.value(i).end());
  }
  Memory a({.max_neurons = 60, .batch = 500}, kDimension, kClasses);
  Memory b = a;
  a.learn(first.values, first.labels);
  b.learn(first.values, first.labels);
  a.learn(later.values, later.labels);
  b.learn(shuffled.values, shuffled.labels);
  EXPECT_EQ(all_values(a), all_values(b));
  EXPECT_NE(all_values(a), first.values);
}

TEST(Memory, OpensRowsForNovelInputsOnlyWithTheNoveltyGate) {
  const Samples set = samples(1000, 9);
  const double threshold = 0.9;
  MemoryParams params{
      .max_neurons = 1000, .batch = 1, .gate = ThresholdGate::novelty, .threshold = threshold};
  Memory online(params, kDimension, kClasses);
  for (std::size_t i = 0; i < set.size(); ++i) {
    const std::uint32_t winner = plain_winner(online.rows(), Distance::l2, set.value(i), set.labels[i]);
    const bool novel = winner == Match::kNone ||
                       plain_distance(Distance::l2, set.value(i), online.rows().values(winner)) > threshold;
    const std::size_t before = online.rows().size();
    online.learn(set.value(i), std::span(set.labels).subspan(i, 1));
    ASSERT_EQ(online.rows().size(), before + (novel ? 1 : 0)) << "image " << i;
  }
  EXPECT_GT(online.rows().size(), 20U);
  EXPECT_LT(online.rows().size(), 900U);
  EXPECT_EQ(sum_of_counters(online), set.size());

  // Novel inputs of one batch that are near each other share a row.
  params.batch = 1000;
  Memory twins(params, kDimension, kClasses);
  Samples pair;
  for (int copy = 0; copy < 5; ++copy) {
    pair.labels.push_back(2);
    pair.values.insert(pair.values.end(), set.value(0).begin(), set.value(0).end());
  }
  twins.learn(pair.values, pair.labels);
  EXPECT_EQ(twins.rows().size(), 1U);
  EXPECT_EQ(twins.rows().counter(0), 5U);
}

TEST(Memory, IgnoresFarInputsOnceFullWithThePlasticityGate) {
  const Samples set = samples(400, 10);
  Memory memory({.max_neurons = 50, .batch = 1, .gate = ThresholdGate::plasticity, .threshold = 1.0},
                kDimension, kClasses);
  std::uint64_t expected = 0;
  for (std::size_t i = 0; i < set.size(); ++i) {
    bool taken = i < 50;
    if (!taken) {
      const std::uint32_t winner = plain_winner(memory.rows(), Distance::l2, set.value(i), set.labels[i]);
      taken = plain_distance(Distance::l2, set.value(i), memory.rows().values(winner)) <= 1.0;
    }
    expected += taken ? 1 : 0;
    memory.learn(set.value(i), std::span(set.labels).subspan(i, 1));
    ASSERT_EQ(sum_of_counters(memory), expected);
  }
  EXPECT_GT(expected, 100U);
  EXPECT_LT(expected, 390U);
}

TEST(Memory, SkipsAClassWithoutARowUnlessItMayReplaceOne) {
  Samples old = samples(30, 11);
  for (std::uint8_t& label : old.labels) label = static_cast<std::uint8_t>(label % 2);
  const Samples fresh = samples(12, 12);
  const std::vector<std::uint8_t> third(12, 3);
  const auto after = [&](Replacement replacement) {
    Memory memory({.max_neurons = 20, .batch = 4, .replacement = replacement}, kDimension, kClasses);
    learn_all(memory, old, 4);
    for (std::size_t first = 0; first < 12; first += 4)
      memory.learn(fresh.range(first, 4), std::span(third).subspan(first, 4));
    EXPECT_EQ(memory.rows().size(), 20U);
    return memory;
  };
  EXPECT_EQ(after(Replacement::none).rows().count(3), 0U);
  // The first input of a batch takes a row; the others find it and move it.
  EXPECT_EQ(after(Replacement::least_used).rows().count(3), 1U);
  // Three classes seen: a share of 6 rows.
  const Memory balanced = after(Replacement::balanced);
  EXPECT_EQ(balanced.rows().count(3), 6U);
  EXPECT_GT(balanced.rows().count(0), 0U);
  EXPECT_GT(balanced.rows().count(1), 0U);
}

TEST(Memory, ReplacesTheLeastUsedRowAndOfThoseTheOldest) {
  const Samples set = samples(40, 13);
  Memory memory({.max_neurons = 3, .batch = 1, .replacement = Replacement::least_used}, kDimension, kClasses);
  const auto learn = [&](std::size_t i, std::uint8_t label) {
    memory.learn(set.value(i), std::span<const std::uint8_t>(&label, 1));
  };
  learn(0, 0);
  learn(1, 0);
  learn(2, 0);
  learn(1, 0);  // row 1 is used twice
  learn(0, 0);  // row 0 too
  learn(5, 1);
  EXPECT_EQ(memory.rows().label(2), 1);
  EXPECT_TRUE(std::ranges::equal(memory.rows().values(2), set.value(5)));
  learn(6, 2);  // row 2 is the only one of class 1, so one of the others goes: the one changed longer ago
  EXPECT_EQ(memory.rows().label(1), 2);
  EXPECT_EQ(memory.rows().label(2), 1);
}

TEST(Memory, VotesByNumberDistanceOrCounter) {
  const auto answer = [](Vote vote, std::size_t k) {
    Memory memory({.max_neurons = 5, .neighbours = k, .vote = vote}, 1, kClasses);
    const std::vector<float> at = {0.0F, 2.0F, 2.5F, 5.0F};
    const std::vector<std::uint8_t> labels = {3, 1, 1, 2};
    const std::vector<std::uint32_t> counters = {2, 1, 2, 9};
    for (std::size_t i = 0; i < at.size(); ++i)
      memory.restore_row(std::span(at).subspan(i, 1), labels[i], counters[i], 0);
    const std::vector<float> x = {0.5F};
    return memory.vote(memory.nearest(x));
  };
  EXPECT_EQ(answer(Vote::plain, 1).predicted, 3);
  EXPECT_EQ(answer(Vote::plain, 2).predicted, 3) << "of equal votes the nearest row's class wins";
  EXPECT_EQ(answer(Vote::plain, 3).predicted, 1);
  EXPECT_EQ(answer(Vote::plain, 3).scores, (std::vector<float>{0, 2, 0, 1}));
  EXPECT_EQ(answer(Vote::distance, 3).predicted, 3) << "1 / 0.5 against 1 / 1.5 + 1 / 2";
  EXPECT_EQ(answer(Vote::counter, 3).predicted, 1) << "2 against 1 + 2";
  EXPECT_EQ(answer(Vote::counter, 4).predicted, 2);
  EXPECT_EQ(answer(Vote::plain, 5).predicted, 1) << "there are four rows only";
}

}  // namespace
}  // namespace shallows
