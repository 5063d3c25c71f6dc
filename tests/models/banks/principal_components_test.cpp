#include "models/banks/learning/principal_components.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "sim/core/error.hpp"
#include "tests/models/banks/feature_scenes.hpp"

namespace shallows {
namespace {

TEST(Covariance, IsThatOfThePlainDefinition) {
  // More samples than a block, more dimensions than a tile.
  const Matrix rows = gaussian(1100, 70, 0).array() + 0.7;
  FitMonitor monitor(1100, [](std::uint64_t, std::uint64_t) { return true; });
  const Matrix streamed = covariance(matrix_samples(rows), monitor);
  const Matrix centered = rows.rowwise() - rows.colwise().mean();
  const Matrix plain = centered.transpose() * centered / 1100.0;
  EXPECT_LT((streamed - plain).cwiseAbs().maxCoeff(), 1e-12);
  EXPECT_EQ(streamed, Matrix(streamed.transpose()));
}

TEST(PrincipalComponents, AreTheAxesOfACovarianceThatIsMadeOfThem) {
  const Matrix axes = random_axes(20, 1);
  Eigen::VectorXd variances(20);
  for (Eigen::Index i = 0; i < 20; ++i) variances[i] = std::pow(0.7, static_cast<double>(i));
  const PrincipalComponents found = principal_components(axes.transpose() * variances.asDiagonal() * axes, 6);
  ASSERT_EQ(found.vectors.rows(), 6);
  EXPECT_NEAR(found.total_variance, variances.sum(), 1e-12);
  for (Eigen::Index i = 0; i < 6; ++i) {
    EXPECT_NEAR(found.variances[static_cast<std::size_t>(i)], variances[i], 1e-12);
    EXPECT_NEAR(std::abs(found.vectors.row(i).dot(axes.row(i))), 1.0, 1e-12);
    EXPECT_EQ(found.vectors.row(i).maxCoeff(), found.vectors.row(i).cwiseAbs().maxCoeff())
        << "the sign is fixed";
  }
}

TEST(PrincipalComponents, AreZeroWhereTheSamplesSayNothing) {
  Matrix flat = Matrix::Zero(5, 5);
  flat(1, 1) = 2.0;
  const PrincipalComponents found = principal_components(flat, 3);
  EXPECT_EQ(found.variances, (std::vector<double>{2.0, 0.0, 0.0}));
  EXPECT_EQ(found.vectors(0, 1), 1.0);
  EXPECT_TRUE(found.vectors.bottomRows(2).isZero(0.0));
}

TEST(PrincipalComponents, WhitenTheSamples) {
  const Matrix rows = gaussian(3000, 6, 2) * gaussian(6, 6, 3);
  const Samples samples = matrix_samples(rows);
  FitMonitor monitor(0, {});
  const PrincipalComponents components = principal_components(covariance(samples, monitor), 4);
  const Matrix white = covariance(whitened(samples, components), monitor);
  EXPECT_LT((white - Matrix::Identity(4, 4)).cwiseAbs().maxCoeff(), 1e-10);
}

class OnlineComponents : public ::testing::TestWithParam<PcaRules::Chosen> {};

TEST_P(OnlineComponents, SpanTheSubspaceOfTheBatchFitToTwoDegrees) {
  const Matrix axes = random_axes(12, 4);
  Eigen::VectorXd deviations = Eigen::VectorXd::Constant(12, 0.3);
  deviations.head(3) << 3.0, 2.0, 1.2;
  const Samples samples = matrix_samples(gaussian(20000, 12, 5) * deviations.asDiagonal() * axes);
  FitMonitor monitor(0, {});
  const PrincipalComponents batch = principal_components(covariance(samples, monitor), 3);
  PcaParams params;
  params.pca_rule = GetParam();
  params.fit_rate = 0.5;
  params.fit_updates = 60'000;
  const Matrix online = online_components(samples, 3, params, Rng(1, Purpose::tests, 0), monitor);
  EXPECT_LT(largest_angle(online, batch.vectors), 2.0);
  EXPECT_LT((online * online.transpose() - Matrix::Identity(3, 3)).cwiseAbs().maxCoeff(), 0.05);
  if (std::holds_alternative<OnlineSanger::Params>(GetParam())) {
    for (Eigen::Index i = 0; i < 3; ++i) {
      EXPECT_LT(degrees(std::abs(online.row(i).dot(batch.vectors.row(i))) / online.row(i).norm()), 3.0)
          << "component " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, OnlineComponents,
                         ::testing::Values(PcaRules::Chosen(OnlineSanger::Params{}),
                                           PcaRules::Chosen(OnlineOja::Params{})));

TEST(OnlineComponents, RefuseToDiverge) {
  PcaParams params;
  params.pca_rule = OnlineSanger::Params{};
  params.fit_rate = 1e4;
  params.fit_updates = 2000;
  FitMonitor monitor(0, {});
  try {
    online_components(matrix_samples(gaussian(100, 5, 6)), 2, params, Rng(1, Purpose::tests, 0), monitor);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::network);
    EXPECT_NE(std::string(error.what()).find("hidden.fit_rate"), std::string::npos);
  }
}

}  // namespace
}  // namespace shallows
