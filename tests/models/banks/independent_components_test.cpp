#include "models/banks/learning/independent_components.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>

#include "models/banks/learning/principal_components.hpp"
#include "tests/models/banks/feature_scenes.hpp"

namespace shallows {
namespace {

/// Independent sources of unit variance: the first `heavy` ones Laplacian, the others uniform.
Matrix draw_sources(Eigen::Index samples, Eigen::Index count, Eigen::Index heavy) {
  Rng rng(92, Purpose::tests, 0);
  Matrix sources(samples, count);
  for (Eigen::Index n = 0; n < samples; ++n) {
    for (Eigen::Index i = 0; i < count; ++i) {
      const double u = rng.uniform(-1.0, 1.0);
      sources(n, i) =
          i < heavy ? std::copysign(std::log(1.0 - std::abs(u)) / std::sqrt(2.0), u) : u * std::sqrt(3.0);
    }
  }
  return sources;
}

struct Mixture {
  Matrix mixing;
  Samples samples;
  PrincipalComponents components;
  Samples white;

  Mixture(Eigen::Index samples_in_all, Eigen::Index count, Eigen::Index heavy)
      : mixing(gaussian(count, count, 7)),
        samples(matrix_samples(draw_sources(samples_in_all, count, heavy) * mixing.transpose())) {
    FitMonitor monitor(0, {});
    components = principal_components(covariance(samples, monitor), static_cast<std::size_t>(count));
    white = whitened(samples, components);
  }

  /// Unmixing times mixing: a permutation with scales if the sources were found.
  Matrix product(const Matrix& unmixing) const {
    Matrix whitening = components.vectors;
    for (Eigen::Index i = 0; i < whitening.rows(); ++i) {
      whitening.row(i) /= std::sqrt(components.variances[static_cast<std::size_t>(i)]);
    }
    return unmixing * whitening * mixing;
  }
};

TEST(FastIca, FindsKnownSourcesOfBothKinds) {
  const Mixture mixture(20000, 4, 2);
  FitMonitor monitor(0, {});
  const std::uint64_t most = IcaParams{}.ica_steps;
  const IndependentComponents found = fast_ica(mixture.white, most, Rng(1, Purpose::tests, 0), monitor);
  EXPECT_TRUE(found.converged);
  EXPECT_LT(found.steps, most);
  EXPECT_GT(separation(mixture.product(found.unmixing)), 0.999);
  EXPECT_LT((found.unmixing * found.unmixing.transpose() - Matrix::Identity(4, 4)).cwiseAbs().maxCoeff(),
            1e-12);
}

TEST(FastIca, HasNotFoundThemAfterTheOneStepOfTheReleasedCode) {
  const Mixture mixture(20000, 4, 2);
  FitMonitor monitor(0, {});
  const IndependentComponents found = fast_ica(mixture.white, 1, Rng(1, Purpose::tests, 0), monitor);
  EXPECT_EQ(found.steps, 1U);
  EXPECT_FALSE(found.converged);
  EXPECT_LT(separation(mixture.product(found.unmixing)), 0.99);
}

TEST(FastIca, WithoutAStepIsARandomRotation) {
  const Mixture mixture(1000, 4, 2);
  FitMonitor monitor(0, {});
  const IndependentComponents one = fast_ica(mixture.white, 0, Rng(1, Purpose::tests, 0), monitor);
  EXPECT_EQ(one.steps, 0U);
  EXPECT_FALSE(one.converged);
  EXPECT_LT((one.unmixing * one.unmixing.transpose() - Matrix::Identity(4, 4)).cwiseAbs().maxCoeff(), 1e-12);
  // It is the stream's and not the samples'.
  const Mixture other(500, 4, 0);
  EXPECT_EQ(fast_ica(other.white, 0, Rng(1, Purpose::tests, 0), monitor).unmixing, one.unmixing);
  EXPECT_NE(fast_ica(mixture.white, 0, Rng(2, Purpose::tests, 0), monitor).unmixing, one.unmixing);
  EXPECT_LT(separation(mixture.product(one.unmixing)), 0.9);
}

TEST(FastIca, IsTheSameWhetherTheSamplesAreKeptOrReadAnew) {
  const Mixture mixture(3000, 3, 3);
  FitMonitor monitor(0, {});
  const Rng rng(1, Purpose::tests, 0);
  EXPECT_EQ(fast_ica(mixture.white, 5, rng, monitor).unmixing,
            fast_ica(mixture.white, 5, rng, monitor, 0).unmixing);
}

TEST(NonlinearHebb, FindsKnownSourcesWithHeavyTails) {
  const Mixture mixture(20000, 3, 3);
  IcaParams params;
  params.ica_rule = OnlineNonlinearHebb::Params{};
  params.fit_rate = 0.05;
  params.fit_updates = 100'000;
  FitMonitor monitor(0, {});
  const IndependentComponents found =
      online_independent_components(mixture.white, params, Rng(1, Purpose::tests, 0), monitor);
  EXPECT_GT(separation(mixture.product(found.unmixing)), 0.98);
}

}  // namespace
}  // namespace shallows
