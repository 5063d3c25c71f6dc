#include "encoders/fixed_fields.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <vector>

#include "sim/core/rng.hpp"

// Banks are fixed by their seeds, so the statistical tests give the same verdict every time; each bound is
// where a correct bank would fall with probability 1e-6 or less over the choice of the seed.

namespace shallows {
namespace {

constexpr ImageShape kMnist{.height = 28, .width = 28};
constexpr ImageShape kCifar{.height = 32, .width = 32, .channels = 3};

template <class Params>
struct Drawn {
  Params params;
  BankShape shape;
};

ReceptiveFields make(const Drawn<RandomParams>& bank, ImageShape images, std::uint64_t seed) {
  return make_random_fields(bank.params, bank.shape, images, seed);
}
ReceptiveFields make(const Drawn<GaborParams>& bank, ImageShape images, std::uint64_t seed) {
  return make_gabor_fields(bank.params, bank.shape, images, seed);
}

Drawn<GaborParams> gabor(std::size_t size, std::size_t patch, double scale, GaborRanges ranges) {
  return {{.gabor_ranges = ranges}, {.size = size, .patch = patch, .scale = scale}};
}

Drawn<RandomParams> random(std::size_t size, std::size_t patch, double scale) {
  return {{}, {.size = size, .patch = patch, .scale = scale}};
}

bool same_bits(const ReceptiveFields& a, const ReceptiveFields& b) {
  return std::ranges::equal(a.positions(), b.positions()) && std::ranges::equal(a.filters(), b.filters());
}

TEST(FixedFields, LieEverywhereWithEqualProbability) {
  // 19 x 19 places: chi-square with 360 degrees of freedom; its upper 1e-6 quantile is below 500.
  constexpr std::size_t size = 361 * 40;
  const ReceptiveFields bank = make(random(size, 10, 1.0), kMnist, 1);
  std::vector<std::size_t> counts(361, 0);
  for (const PatchPosition position : bank.positions()) {
    ASSERT_LE(position.row, 18);
    ASSERT_LE(position.column, 18);
    ++counts[position.row * 19U + position.column];
  }
  double chi_square = 0.0;
  for (const std::size_t count : counts) {
    chi_square += (static_cast<double>(count) - 40.0) * (static_cast<double>(count) - 40.0) / 40.0;
  }
  EXPECT_LT(chi_square, 500.0);
  EXPECT_GT(chi_square, 240.0) << "more even than chance allows";
}

TEST(FixedFields, FillAnImageThatIsNotSquare) {
  const ReceptiveFields bank = make(random(2000, 4, 1.0), {.height = 6, .width = 9}, 1);
  std::vector<std::size_t> rows(3, 0);
  std::vector<std::size_t> columns(6, 0);
  for (const PatchPosition position : bank.positions()) {
    ++rows.at(position.row);
    ++columns.at(position.column);
  }
  // Binomial: 5.5 standard deviations of sqrt(2000 / 3 * 2 / 3) = 21 and sqrt(2000 / 6 * 5 / 6) = 17.
  for (const std::size_t count : rows) EXPECT_NEAR(static_cast<double>(count), 2000.0 / 3.0, 116.0);
  for (const std::size_t count : columns) EXPECT_NEAR(static_cast<double>(count), 2000.0 / 6.0, 92.0);
}

TEST(FixedFields, CoverTheImageWhenThePatchIsTheImage) {
  for (const ReceptiveFields& bank :
       {make(random(20, 28, 20.0), kMnist, 1), make(gabor(20, 28, 40.0, GaborRanges::broad), kMnist, 1)}) {
    EXPECT_EQ(bank.filter_size(), 784U);
    for (const PatchPosition position : bank.positions()) EXPECT_EQ(position, (PatchPosition{0, 0}));
    for (std::size_t k = 0; k < 784; ++k) EXPECT_EQ(bank.pixel(7, k), k);
  }
}

TEST(FixedFields, MayBeOnePixelLarge) {
  const ReceptiveFields bank = make(gabor(100, 1, 3.0, GaborRanges::broad), {.height = 4, .width = 4}, 1);
  for (const float weight : bank.filters()) EXPECT_FLOAT_EQ(std::abs(weight), 3.0F);
}

struct Moments {
  double mean;
  double deviation;
  double kurtosis;
};

Moments moments(std::span<const float> values) {
  double sum = 0.0, squares = 0.0, fourths = 0.0;
  for (const float value : values) sum += static_cast<double>(value);
  const auto n = static_cast<double>(values.size());
  for (const float value : values) {
    const double square = std::pow(static_cast<double>(value) - sum / n, 2.0);
    squares += square;
    fourths += square * square;
  }
  return {sum / n, std::sqrt(squares / n), fourths * n / (squares * squares)};
}

TEST(FixedFields, DrawRandomWeightsWithTheDeviationOfThePaper) {
  struct Case {
    ImageShape shape;
    std::size_t patch;
    double scale;
    double expected;
  };
  // Spiking: 20 mV / sqrt(784) * 28 / p. Rate: 1 / (10 p); colour: (32 / p) / (10 sqrt(3072)).
  const std::vector<Case> cases = {{kMnist, 10, 20.0, 2.0},
                                   {kMnist, 28, 20.0, 20.0 / 28.0},
                                   {kMnist, 10, 0.1, 0.01},
                                   {kCifar, 10, 0.1, 3.2 / (10.0 * std::sqrt(3072.0))}};
  for (const Case& c : cases) {
    const ReceptiveFields bank = make(random(1000, c.patch, c.scale), c.shape, 1);
    const Moments m = moments(bank.filters());
    // At least 1e5 weights; 5 standard errors: 1 / sqrt(n), 1 / sqrt(2 n), sqrt(24 / n).
    EXPECT_NEAR(m.mean / c.expected, 0.0, 5 * 3.2e-3);
    EXPECT_NEAR(m.deviation / c.expected, 1.0, 5 * 2.3e-3);
    EXPECT_NEAR(m.kurtosis, 3.0, 5 * 1.6e-2);
  }
}

TEST(FixedFields, DrawRandomWeightsOfEachColourIndependently) {
  const ReceptiveFields bank = make(random(1000, 10, 1.0), kCifar, 1);
  double products = 0.0;
  for (std::size_t i = 0; i < bank.size(); ++i) {
    for (std::size_t k = 0; k < 100; ++k) products += bank.filter(i)[k] * bank.filter(i)[100 + k];
  }
  const double variance = 1.0 / (3.0 * 100.0);
  EXPECT_NEAR(products / (1e5 * variance), 0.0, 5 * 3.2e-3);
}

/// The bank's Gabor filters, drawn again and written down as docs/reference.md has them.
TEST(FixedFields, AreTheGaborsOfThePaper) {
  const double two_pi = 2.0 * std::numbers::pi;
  for (const GaborRanges ranges : {GaborRanges::broad, GaborRanges::tuned}) {
    const bool tuned = ranges == GaborRanges::tuned;
    for (const std::size_t p : {10U, 7U}) {
      const ReceptiveFields bank = make(gabor(200, p, 40.0, ranges), kMnist, 9);
      Rng place(9, Purpose::receptive_field_position, 0);
      std::vector<PatchPosition> drawn(200);
      const auto places = static_cast<std::uint32_t>(28 - p + 1);
      for (PatchPosition& position : drawn) {
        position.row = static_cast<std::uint16_t>(place.integer(places));
        position.column = static_cast<std::uint16_t>(place.integer(places));
      }
      const std::vector<std::size_t> order = locality_order(drawn);
      for (std::size_t i = 0; i < 200; ++i) {
        ASSERT_EQ(bank.position(i), drawn[order[i]]);
        Rng rng(9, Purpose::receptive_field_shape, order[i]);
        const auto side = static_cast<double>(p);
        const double theta = rng.uniform(0.0, two_pi);
        const double lambda = tuned ? rng.uniform(4.6, 10.3) : rng.uniform(side / 4.0, 2.0 * side);
        const double psi = tuned ? rng.uniform(0.0, 4.8) : rng.uniform(0.0, two_pi);
        const double sigma = tuned ? rng.uniform(3.8, 5.0) : rng.uniform(side / 8.0, side);
        const double c = (side + 1.0) / 2.0;
        std::vector<double> g;
        double l1 = 0.0;
        for (std::size_t x = 1; x <= p; ++x) {
          for (std::size_t y = 1; y <= p; ++y) {
            const double dx = static_cast<double>(x) - c;
            const double dy = static_cast<double>(y) - c;
            const double x1 = std::cos(theta) * dx + std::sin(theta) * dy;
            const double y1 = -std::sin(theta) * dx + std::cos(theta) * dy;
            g.push_back(std::exp(-(x1 * x1 + y1 * y1) / (2.0 * sigma * sigma)) *
                        std::cos(two_pi * x1 / lambda + psi));
            l1 += std::abs(g.back());
          }
        }
        for (std::size_t k = 0; k < g.size(); ++k) {
          ASSERT_NEAR(static_cast<double>(bank.filter(i)[k]), 40.0 * g[k] / l1, 40.0 * 1e-6);
        }
      }
    }
  }
}

TEST(FixedFields, HaveTheGivenL1NormInEachColour) {
  const ReceptiveFields bank = make(gabor(300, 10, 1.2, GaborRanges::broad), kCifar, 1);
  for (std::size_t i = 0; i < bank.size(); ++i) {
    const auto filter = bank.filter(i);
    for (std::size_t channel = 0; channel < 3; ++channel) {
      double l1 = 0.0;
      for (std::size_t k = 0; k < 100; ++k) {
        EXPECT_EQ(filter[channel * 100 + k], filter[k]) << "Gabors are colour-blind";
        l1 += std::abs(static_cast<double>(filter[channel * 100 + k]));
      }
      EXPECT_NEAR(l1, 1.2, 1e-6);
    }
  }
}

TEST(FixedFields, ApplyTheReleasedFactorOnceForEachChannelIfAsked) {
  for (const std::size_t patch : {std::size_t{10}, std::size_t{32}}) {
    Drawn<RandomParams> bank_of = random(1000, patch, 0.1);
    const ReceptiveFields clean = make(bank_of, kCifar, 1);
    bank_of.params.cubed_colour_scale = true;
    const ReceptiveFields cubed = make(bank_of, kCifar, 1);
    EXPECT_TRUE(std::ranges::equal(cubed.positions(), clean.positions()));
    const double ratio = 32.0 / static_cast<double>(patch);
    for (std::size_t k = 0; k < clean.filters().size(); ++k) {
      const double expected = ratio * ratio * static_cast<double>(clean.filters()[k]);
      ASSERT_NEAR(static_cast<double>(cubed.filters()[k]), expected, 1e-6 * std::abs(expected));
    }
    // (32 / p)^3 / (10 sqrt(3072)); at least 3e5 weights, 5 standard errors of 1 / sqrt(2 n).
    const double released = ratio * ratio * ratio / (10.0 * std::sqrt(3072.0));
    EXPECT_NEAR(moments(cubed.filters()).deviation / released, 1.0, 5 * 1.3e-3);
  }
  // One channel: the factor is there once already.
  Drawn<RandomParams> bank_of = random(50, 10, 0.1);
  const ReceptiveFields gray = make(bank_of, kMnist, 1);
  bank_of.params.cubed_colour_scale = true;
  EXPECT_TRUE(same_bits(make(bank_of, kMnist, 1), gray));
}

TEST(FixedFields, HaveRandomColoursIfTheyAreOpponent) {
  Drawn<GaborParams> bank_of = gabor(2000, 6, 1.2, GaborRanges::tuned_cifar10);
  const ReceptiveFields blind = make(bank_of, kCifar, 1);
  bank_of.params.gabor_colour = GaborColour::opponent;
  const ReceptiveFields bank = make(bank_of, kCifar, 1);
  EXPECT_TRUE(std::ranges::equal(bank.positions(), blind.positions()));
  std::size_t opponent = 0;
  for (std::size_t i = 0; i < bank.size(); ++i) {
    double l1 = 0.0;
    int positive = 0;
    for (std::size_t channel = 0; channel < 3; ++channel) {
      // The channel's Gabor is the colour-blind one times one factor.
      double same = 0.0, power = 0.0;
      for (std::size_t k = 0; k < 36; ++k) {
        const auto shape = static_cast<double>(blind.filter(i)[k]);
        const auto weight = static_cast<double>(bank.filter(i)[channel * 36 + k]);
        same += shape * weight;
        power += shape * shape;
        l1 += std::abs(weight);
      }
      const double factor = same / power;
      positive += factor > 0.0 ? 1 : 0;
      for (std::size_t k = 0; k < 36; ++k) {
        EXPECT_NEAR(static_cast<double>(bank.filter(i)[channel * 36 + k]),
                    factor * static_cast<double>(blind.filter(i)[k]), 1e-6);
      }
    }
    EXPECT_NEAR(l1, 3.0 * 1.2, 1e-5) << "the same drive as the colour-blind bank";
    if (positive == 1 || positive == 2) ++opponent;
  }
  // Three quarters of all directions have mixed signs; 5 standard errors of sqrt(0.75 * 0.25 / 2000) =
  // 0.0097.
  EXPECT_NEAR(static_cast<double>(opponent) / 2000.0, 0.75, 0.049);
}

TEST(FixedFields, AreTheSameBitsForTheSameSeedOnly) {
  const auto check = [](const auto& bank_of) {
    const ReceptiveFields bank = make(bank_of, kMnist, 5);
    EXPECT_TRUE(same_bits(bank, make(bank_of, kMnist, 5)));
    EXPECT_FALSE(same_bits(bank, make(bank_of, kMnist, 6)));
  };
  check(random(300, 10, 1.0));
  check(gabor(300, 10, 1.0, GaborRanges::tuned));
}

TEST(FixedFields, KeepTheirFiltersWhenMoreAreDrawn) {
  const ReceptiveFields small = make(gabor(50, 10, 1.0, GaborRanges::tuned), kMnist, 5);
  const ReceptiveFields large = make(gabor(60, 10, 1.0, GaborRanges::tuned), kMnist, 5);
  for (std::size_t i = 0; i < small.size(); ++i) {
    bool found = false;
    for (std::size_t j = 0; j < large.size() && !found; ++j) {
      found = small.position(i) == large.position(j) && std::ranges::equal(small.filter(i), large.filter(j));
    }
    EXPECT_TRUE(found) << "filter " << i;
  }
}

}  // namespace
}  // namespace shallows
