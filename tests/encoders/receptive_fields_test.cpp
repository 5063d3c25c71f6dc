#include "encoders/receptive_fields.hpp"

#include <gtest/gtest.h>

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <set>
#include <vector>

#include "encoders/fixed_fields.hpp"
#include "sim/core/rng.hpp"

namespace shallows {
namespace {

std::vector<PatchPosition> random_positions(std::size_t count, std::uint32_t rows, std::uint32_t columns,
                                            std::uint64_t index) {
  Rng rng(71, Purpose::tests, index);
  std::vector<PatchPosition> positions(count);
  for (PatchPosition& position : positions) {
    position = {static_cast<std::uint16_t>(rng.integer(rows)),
                static_cast<std::uint16_t>(rng.integer(columns))};
  }
  return positions;
}

/// Filters of random numbers: what the bank means is not what this is about.
ReceptiveFields random_bank(ImageShape shape, std::size_t patch, std::size_t size, std::uint64_t index) {
  Rng rng(72, Purpose::tests, index);
  std::vector<float> filters(size * shape.channels * patch * patch);
  for (float& weight : filters) weight = static_cast<float>(rng.normal());
  return {shape, patch,
          random_positions(size, static_cast<std::uint32_t>(shape.height - patch + 1),
                           static_cast<std::uint32_t>(shape.width - patch + 1), index),
          std::move(filters)};
}

/// The bank as a dense [filter][pixel] matrix, by the definition of image and patch layout.
Eigen::MatrixXd dense(const ReceptiveFields& bank) {
  const ImageShape shape = bank.shape();
  const std::size_t p = bank.patch();
  Eigen::MatrixXd matrix = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(bank.size()),
                                                 static_cast<Eigen::Index>(shape.pixels()));
  for (std::size_t i = 0; i < bank.size(); ++i) {
    for (std::size_t channel = 0; channel < shape.channels; ++channel) {
      for (std::size_t row = 0; row < p; ++row) {
        for (std::size_t column = 0; column < p; ++column) {
          const std::size_t y = bank.position(i).row + row;
          const std::size_t x = bank.position(i).column + column;
          matrix(static_cast<Eigen::Index>(i),
                 static_cast<Eigen::Index>((channel * shape.height + y) * shape.width + x)) =
              static_cast<double>(bank.filters()[((i * shape.channels + channel) * p + row) * p + column]);
        }
      }
    }
  }
  return matrix;
}

const std::vector<ReceptiveFields>& banks() {
  static const std::vector<ReceptiveFields> all = {
      random_bank({.height = 9, .width = 9}, 4, 50, 0),
      random_bank({.height = 7, .width = 13}, 3, 40, 1),
      random_bank({.height = 8, .width = 6, .channels = 3}, 5, 30, 2),
      random_bank({.height = 6, .width = 6}, 6, 5, 3),
      random_bank({.height = 6, .width = 6}, 1, 5, 4),
  };
  return all;
}

TEST(ReceptiveFields, ApplyAsTheirDenseMatrixDoes) {
  for (const ReceptiveFields& bank : banks()) {
    Rng rng(73, Purpose::tests, 0);
    std::vector<float> pixels(bank.shape().pixels());
    for (float& pixel : pixels) pixel = static_cast<float>(rng.uniform(-0.5, 1.0));
    std::vector<double> out(bank.size());
    bank.apply(pixels, out);
    const Eigen::VectorXd expected =
        dense(bank) *
        Eigen::Map<const Eigen::VectorXf>(pixels.data(), static_cast<Eigen::Index>(pixels.size()))
            .cast<double>();
    for (std::size_t i = 0; i < out.size(); ++i) {
      EXPECT_NEAR(out[i], expected[static_cast<Eigen::Index>(i)], 1e-12);
    }
  }
}

TEST(ReceptiveFields, BecomeTheSynapsesOfTheirDenseMatrix) {
  for (const ReceptiveFields& bank : banks()) {
    const Synapses synapses = to_synapses(bank);
    EXPECT_EQ(synapses.source_count, bank.shape().pixels());
    ASSERT_EQ(synapses.targets(), bank.size());
    Eigen::MatrixXd left = dense(bank);
    for (std::size_t i = 0; i < bank.size(); ++i) {
      const auto sources = synapses.sources_of(i);
      ASSERT_EQ(sources.size(), bank.filter_size());
      EXPECT_TRUE(std::is_sorted(sources.begin(), sources.end()));
      for (std::size_t s = 0; s < sources.size(); ++s) {
        left(static_cast<Eigen::Index>(i), sources[s]) -= static_cast<double>(synapses.weights_of(i)[s]);
      }
    }
    EXPECT_EQ(left.cwiseAbs().sum(), 0.0);
  }
}

TEST(ReceptiveFields, NameThePixelUnderEachWeight) {
  const ReceptiveFields bank({.height = 5, .width = 7, .channels = 2}, 2, {{3, 4}},
                             std::vector<float>(8, 1.0F));
  const std::vector<std::size_t> expected = {25, 26, 32, 33, 60, 61, 67, 68};
  for (std::size_t k = 0; k < 8; ++k) EXPECT_EQ(bank.pixel(0, k), expected[k]);
}

TEST(LocalityOrder, IsAPermutation) {
  for (const std::size_t count : {0U, 1U, 2U, 32U, 33U, 64U, 65U, 100U, 128U, 1000U, 5000U}) {
    std::vector<std::size_t> order = locality_order(random_positions(count, 19, 19, count));
    std::sort(order.begin(), order.end());
    std::vector<std::size_t> all(count);
    std::iota(all.begin(), all.end(), std::size_t{0});
    EXPECT_EQ(order, all) << count << " positions";
  }
}

TEST(LocalityOrder, TakesPositionsThatAreAllEqualOrOnALine) {
  for (const auto& positions : {random_positions(300, 1, 1, 0), random_positions(300, 1, 50, 1)}) {
    const std::vector<std::size_t> order = locality_order(positions);
    EXPECT_EQ(std::set<std::size_t>(order.begin(), order.end()).size(), 300U);
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return positions[a].column < positions[b].column;
    }));
  }
}

TEST(LocalityOrder, PutsOverlappingPatchesSideBySide) {
  // 128 neighbours with 10 x 10 patches on 28 x 28 pixels; in random order they cover nearly all 784 pixels.
  const std::vector<PatchPosition> positions = random_positions(5000, 19, 19, 2);
  const std::vector<std::size_t> order = locality_order(positions);
  std::size_t covered = 0;
  std::size_t blocks = 0;
  for (std::size_t first = 0; first + 128 <= order.size(); first += 128) {
    std::set<std::size_t> pixels;
    for (std::size_t i = first; i < first + 128; ++i) {
      const PatchPosition position = positions[order[i]];
      for (std::size_t k = 0; k < 100; ++k)
        pixels.insert((position.row + k / 10) * 28U + position.column + k % 10);
    }
    covered += pixels.size();
    ++blocks;
  }
  EXPECT_LT(covered, blocks * 250);
}

TEST(LocalityOrder, DependsOnThePositionsOnly) {
  const std::vector<PatchPosition> positions = random_positions(1000, 5, 5, 3);
  EXPECT_EQ(locality_order(positions), locality_order(positions));
}

}  // namespace
}  // namespace shallows
