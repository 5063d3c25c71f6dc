#include "models/banks/learning/principal_components.hpp"

#include <tbb/parallel_for.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "models/eigen_index.hpp"
#include "plasticity/rates/rate_batch.hpp"
#include "sim/core/error.hpp"

namespace shallows {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kTile = 64;

std::span<double> row(Matrix& matrix, std::size_t i) {
  return {matrix.data() + i * static_cast<std::size_t>(matrix.cols()),
          static_cast<std::size_t>(matrix.cols())};
}

/// sum += block^T block, upper triangle of tiles.
void add_products(const Matrix& block, std::size_t samples, Matrix& sum) {
  const auto dimension = static_cast<std::size_t>(sum.cols());
  const std::size_t tiles = (dimension + kTile - 1) / kTile;
  tbb::parallel_for(std::size_t{0}, tiles * tiles, [&](std::size_t tile) {
    const std::size_t a = tile / tiles * kTile;
    const std::size_t b = tile % tiles * kTile;
    if (b < a) return;
    const auto left = block.block(0, index(a), index(samples), index(std::min(kTile, dimension - a)));
    const auto right = block.block(0, index(b), index(samples), index(std::min(kTile, dimension - b)));
    sum.block(index(a), index(b), left.cols(), right.cols()).noalias() += left.transpose() * right;
  });
}

}  // namespace

Matrix covariance(const Samples& samples, FitMonitor& monitor) {
  assert(samples.count > 0);
  const Eigen::Index dimension = index(samples.dimension);
  Matrix sum = Matrix::Zero(dimension, dimension);
  Eigen::RowVectorXd mean = Eigen::RowVectorXd::Zero(dimension);
  Matrix block(index(std::min(kBlock, samples.count)), dimension);
  for (std::size_t first = 0; first < samples.count; first += kBlock) {
    const std::size_t size = std::min(kBlock, samples.count - first);
    tbb::parallel_for(std::size_t{0}, size, [&](std::size_t i) { samples.read(first + i, row(block, i)); });
    mean += block.topRows(index(size)).colwise().sum();
    add_products(block, size, sum);
    if (!monitor.advance(size)) break;
  }
  const auto n = static_cast<double>(samples.count);
  mean /= n;
  sum /= n;
  sum.triangularView<Eigen::Upper>() -= mean.transpose() * mean;
  sum.triangularView<Eigen::StrictlyLower>() = sum.transpose();
  return sum;
}

PrincipalComponents principal_components(const Matrix& covariance, std::size_t count) {
  assert(index(count) <= covariance.cols());
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(covariance);
  if (solver.info() != Eigen::Success) {
    throw Error(
        ErrorKind::network,
        "the principal components can't be computed (the eigenvalues do not converge); check the images");
  }
  const Eigen::VectorXd& values = solver.eigenvalues();
  const double rounding = 16.0 * std::numeric_limits<double>::epsilon() * static_cast<double>(values.size()) *
                          values.cwiseAbs().maxCoeff();
  PrincipalComponents result{.vectors = Matrix::Zero(index(count), covariance.cols()),
                             .variances = std::vector<double>(count, 0.0),
                             .total_variance = covariance.trace()};
  for (std::size_t i = 0; i < count; ++i) {
    const Eigen::Index column = values.size() - 1 - index(i);
    if (values[column] <= rounding) break;
    result.variances[i] = values[column];
    const Eigen::VectorXd vector = solver.eigenvectors().col(column);
    Eigen::Index largest = 0;
    vector.cwiseAbs().maxCoeff(&largest);
    result.vectors.row(index(i)) = (vector[largest] < 0.0 ? -vector : vector).transpose();
  }
  return result;
}

Samples whitened(const Samples& samples, const PrincipalComponents& components) {
  const std::size_t count = components.variances.size();
  Matrix projection = components.vectors;
  for (std::size_t i = 0; i < count; ++i) {
    if (components.variances[i] > 0.0) projection.row(index(i)) /= std::sqrt(components.variances[i]);
  }
  return {samples.count, count, [samples, projection](std::size_t i, std::span<double> out) {
            std::vector<double> x(samples.dimension);
            samples.read(i, x);
            const Eigen::Map<const Eigen::VectorXd> input(x.data(), index(x.size()));
            Eigen::Map<Eigen::VectorXd>(out.data(), index(out.size())).noalias() = projection * input;
          }};
}

double mean_squared_norm(const Samples& samples) {
  constexpr std::size_t kMost = 1000;
  std::vector<double> x(samples.dimension);
  double sum = 0.0;
  const std::size_t count = std::min(samples.count, kMost);
  for (std::size_t i = 0; i < count; ++i) {
    samples.read(i, x);
    for (const double value : x) sum += value * value;
  }
  return sum / static_cast<double>(count);
}

void refuse_divergence(const Matrix& weights) {
  if (weights.allFinite()) return;
  throw Error(ErrorKind::network,
              "the bank can't be learned (its weights grow without bound); lower hidden.fit_rate");
}

Matrix online_components(const Samples& samples, std::size_t count, const PcaParams& params, Rng rng,
                         FitMonitor& monitor) {
  Matrix weights(index(count), index(samples.dimension));
  const double deviation = 1.0 / std::sqrt(static_cast<double>(samples.dimension));
  for (std::size_t i = 0; i < count; ++i) {
    for (double& weight : row(weights, i)) weight = deviation * rng.normal();
  }
  const double power = mean_squared_norm(samples);
  const double start = power > 0.0 ? params.fit_rate / power : 0.0;
  std::vector<double> x(samples.dimension), y(count);
  for (std::uint64_t t = 0; t < params.fit_updates; ++t) {
    samples.read(rng.integer(static_cast<std::uint32_t>(samples.count)), x);
    linear_responses<double>(weights, x, y);
    const double eta =
        start * std::pow(100.0, -static_cast<double>(t) / static_cast<double>(params.fit_updates));
    with_chosen(PcaRules(), params.pca_rule.index(), [&]<class Way>() {
      if constexpr (LearnsOnline<Way>) learn_from<typename Way::Online, double>(x, y, eta, weights);
    });
    if ((t + 1) % kReportInterval == 0 && !monitor.advance(kReportInterval)) break;
  }
  monitor.advance(params.fit_updates % kReportInterval);
  refuse_divergence(weights);
  return weights;
}

}  // namespace shallows
