#include "models/banks/learning/sparse_coding.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "tests/models/banks/feature_scenes.hpp"

namespace shallows {
namespace {

constexpr Eigen::Index kSide = 6;
constexpr Eigen::Index kBars = 2 * kSide;

/// Foeldiak's bars: each of the lines of a square is bright with probability 1 / 6.
Matrix draw_bars(Eigen::Index count) {
  Rng rng(93, Purpose::tests, 0);
  Matrix images = Matrix::Zero(count, kSide * kSide);
  for (Eigen::Index n = 0; n < count; ++n) {
    for (Eigen::Index bar = 0; bar < kBars; ++bar) {
      if (rng.uniform() >= 1.0 / 6.0) continue;
      for (Eigen::Index i = 0; i < kSide; ++i) {
        images(n, bar < kSide ? bar * kSide + i : i * kSide + bar - kSide) = 1.0;
      }
    }
  }
  return images;
}

/// How many bars some neuron stands for: its weights have a cosine of 0.9 or more with the bar.
Eigen::Index bars_found(const Matrix& weights) {
  Eigen::Index found = 0;
  for (Eigen::Index bar = 0; bar < kBars; ++bar) {
    Eigen::VectorXd line = Eigen::VectorXd::Zero(kSide * kSide);
    for (Eigen::Index i = 0; i < kSide; ++i)
      line[bar < kSide ? bar * kSide + i : i * kSide + bar - kSide] += 1.0;
    double best = 0.0;
    for (Eigen::Index i = 0; i < weights.rows(); ++i) {
      best = std::max(best, weights.row(i).dot(line) / (weights.row(i).norm() * line.norm()));
    }
    if (best > 0.9) ++found;
  }
  return found;
}

SparseParams brito() {
  SparseParams params;
  params.fit_rate = 1e-2;
  params.fit_updates = 20'000;
  return params;
}

TEST(SparseCoding, FindsTheBarsOfMadeUpImages) {
  Matrix images = draw_bars(5000);
  images.array() -= images.mean();
  FitMonitor monitor(0, {});
  const Samples samples = matrix_samples(images);
  SparseCoder coder = learn_sparse_code(samples, 14, brito(), Rng(1, Purpose::tests, 0), monitor);
  EXPECT_GE(bars_found(coder.weights()), 11);
  for (Eigen::Index i = 0; i < 14; ++i) EXPECT_NEAR(coder.weights().row(i).norm(), 1.0, 1e-12);
  EXPECT_GE(coder.lateral().minCoeff(), 0.0) << "inhibition stays inhibition";
  EXPECT_TRUE(coder.lateral().diagonal().isZero(0.0));
  const CodeFigures figures = code_figures(coder, samples, 1000);
  EXPECT_GT(figures.explained, 0.6);
  EXPECT_LT(figures.active, 0.5);
  EXPECT_LT(figures.unsettled, 0.01);
}

TEST(SparseCoding, SettlesAtTheFixedPointOfItsDynamics) {
  const Matrix images = draw_bars(500).array() - 0.3;
  FitMonitor monitor(0, {});
  const Samples samples = matrix_samples(images);
  SparseCoder coder = learn_sparse_code(samples, 14, brito(), Rng(1, Purpose::tests, 0), monitor);
  EXPECT_GT(coder.lateral().maxCoeff(), 0.1);
  for (Eigen::Index n = 0; n < 20; ++n) {
    const Eigen::VectorXd x = images.row(n);
    const auto response = coder.respond({x.data(), static_cast<std::size_t>(x.size())});
    const Eigen::VectorXd y = Eigen::Map<const Eigen::VectorXd>(response.data(), 14);
    const Eigen::VectorXd drive = coder.weights() * x;
    const Eigen::VectorXd expected = ((drive - coder.lateral() * y).array() - 1e-2).max(0.0);
    EXPECT_LT((y - expected).cwiseAbs().maxCoeff(), 2e-3 * drive.cwiseAbs().maxCoeff());
  }
}

TEST(SparseCoding, IsCloseToItsFixedPointAfterTheFiftyStepsOfTheReleasedCode) {
  const Matrix images = draw_bars(500).array() - 0.3;
  const Samples samples = matrix_samples(images);
  FitMonitor monitor(0, {});
  std::vector<std::vector<double>> responses;
  for (const SparseDynamics dynamics : {SparseDynamics::fixed_point, SparseDynamics::fifty_steps}) {
    SparseParams params = brito();
    params.fit_updates = 50;
    params.sparse_dynamics = dynamics;
    SparseCoder coder = learn_sparse_code(samples, 8, params, Rng(1, Purpose::tests, 0), monitor);
    const Eigen::VectorXd x = images.row(3);
    const auto response = coder.respond({x.data(), static_cast<std::size_t>(x.size())});
    responses.emplace_back(response.begin(), response.end());
  }
  const double largest = *std::max_element(responses[0].begin(), responses[0].end());
  ASSERT_GT(largest, 0.1);
  for (std::size_t i = 0; i < 8; ++i) EXPECT_NEAR(responses[1][i], responses[0][i], 0.05 * largest);
}

TEST(SparseCoding, KeepsTheMeanActivityInFoeldiaksVariant) {
  FitMonitor monitor(0, {});
  const Samples samples = matrix_samples(draw_bars(5000));
  SparseParams params;
  params.sparse_rule = FoldiakRule::Params{};
  params.sparse_dynamics = SparseDynamics::fifty_steps;
  params.fit_updates = 40'000;
  SparseCoder coder = learn_sparse_code(samples, 12, params, Rng(1, Purpose::tests, 0), monitor);
  Eigen::VectorXd mean = Eigen::VectorXd::Zero(12);
  std::vector<double> x(samples.dimension);
  for (std::size_t n = 0; n < samples.count; ++n) {
    samples.read(n, x);
    mean +=
        Eigen::Map<const Eigen::VectorXd>(coder.respond(x).data(), 12) / static_cast<double>(samples.count);
  }
  for (Eigen::Index i = 0; i < 12; ++i) EXPECT_NEAR(mean[i], 0.1, 0.03) << "neuron " << i;
}

}  // namespace
}  // namespace shallows
