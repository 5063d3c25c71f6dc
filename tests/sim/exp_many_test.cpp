#include "sim/vector/exp_many.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "sim/core/rng.hpp"
#include "tests/sim/instruction_sets.hpp"

namespace shallows {
namespace {

std::vector<double> arguments() {
  std::vector<double> x = {0.0, -0.0, 1.0, -1.0, 700.0, -700.0, 0.5 * std::log(2.0), 1e-300, -1e-17};
  Rng rng(111, Purpose::tests, 0);
  for (int i = 0; i < 100'000; ++i)
    x.push_back(i % 2 == 0 ? rng.uniform(-33.0, 33.0) : rng.uniform(-700.0, 700.0));
  return x;
}

TEST(ExpMany, IsWithinTwoUnitsInTheLastPlace) {
  const std::vector<double> x = arguments();
  std::vector<double> out(x.size());
  exp_many(x, out);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const long double expected = std::exp(static_cast<long double>(x[i]));
    const auto rounded = static_cast<double>(expected);
    const double unit = std::nextafter(rounded, std::numeric_limits<double>::infinity()) - rounded;
    ASSERT_LE(std::abs(static_cast<double>(out[i] - expected)), 2.0 * unit) << "exp(" << x[i] << ")";
  }
  EXPECT_EQ(out[0], 1.0);
  EXPECT_EQ(out[1], 1.0);
}

TEST(ExpMany, WorksInPlaceAndOnNothing) {
  std::vector<double> x = arguments();
  std::vector<double> out(x.size());
  exp_many(x, out);
  exp_many(x, x);
  EXPECT_EQ(x, out);
  exp_many({}, {});
}

TEST(ExpMany, OfElapsedTimesIsTheSameRoundedWithEveryInstructionSet) {
  Rng rng(111, Purpose::tests, 1);
  std::vector<double> times(1003), ratios;
  for (double& time : times) ratios.push_back(((time = rng.uniform(40.0, 900.0)) - 30.0) / 25.0);
  std::vector<double> expected(times.size());
  exp_many(ratios, expected);
  for (const auto& [name, targets] : lesser_machines()) {
    const PretendMachine machine(targets);
    std::vector<double> out(times.size());
    exp_elapsed<double>(times, 30.0, 25.0, out);
    EXPECT_EQ(out, expected) << name;
    std::vector<float> rounded(times.size());
    exp_elapsed<float>(times, 30.0, 25.0, rounded);
    EXPECT_EQ(rounded, std::vector<float>(expected.begin(), expected.end())) << name;
  }
}

TEST(ExpMany, GivesTheSameBitsWithEveryInstructionSetAndAtEveryPlace) {
  const std::vector<double> x = arguments();
  std::vector<double> expected(x.size());
  exp_many(x, expected);
  for (const auto& [name, targets] : lesser_machines()) {
    const PretendMachine machine(targets);
    for (const std::size_t skip : {0U, 1U, 5U}) {
      std::vector<double> out(x.size() - skip);
      exp_many(std::span(x).subspan(skip), out);
      EXPECT_EQ(out,
                std::vector<double>(expected.begin() + static_cast<std::ptrdiff_t>(skip), expected.end()))
          << name;
    }
  }
}

}  // namespace
}  // namespace shallows
