#include "models/banks/learning/independent_components.hpp"

#include <tbb/parallel_for.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>
#include <vector>

#include "models/banks/learning/principal_components.hpp"
#include "models/eigen_index.hpp"
#include "plasticity/rates/hebbian_rules.hpp"
#include "plasticity/rates/rate_batch.hpp"

namespace shallows {
namespace {

using Block = Eigen::MatrixXf;

constexpr std::size_t kIcaBlock = 1024;

/// Samples in blocks of columns.
class Blocks {
 public:
  Blocks(const Samples& samples, std::size_t cache_bytes) : samples_(samples) {
    if (samples.count * samples.dimension * sizeof(float) > cache_bytes) return;
    for (std::size_t b = 0; b < size(); ++b) cache_.push_back(read(b));
  }

  std::size_t size() const { return (samples_.count + kIcaBlock - 1) / kIcaBlock; }

  Block block(std::size_t b) const { return cache_.empty() ? read(b) : cache_[b]; }

 private:
  Block read(std::size_t b) const {
    const std::size_t first = b * kIcaBlock;
    Block block(index(samples_.dimension), index(std::min(kIcaBlock, samples_.count - first)));
    std::vector<double> sample(samples_.dimension);
    for (Eigen::Index column = 0; column < block.cols(); ++column) {
      samples_.read(first + static_cast<std::size_t>(column), sample);
      block.col(column) = Eigen::Map<const Eigen::VectorXd>(sample.data(), block.rows()).cast<float>();
    }
    return block;
  }

  const Samples& samples_;
  std::vector<Block> cache_;
};

/// (W W^T)^(-1/2) W.
Matrix decorrelated(const Matrix& weights) {
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(weights * weights.transpose());
  return solver.operatorInverseSqrt() * weights;
}

Matrix random_start(std::size_t size, Rng& rng) {
  Matrix weights(index(size), index(size));
  for (Eigen::Index i = 0; i < weights.rows(); ++i) {
    for (Eigen::Index j = 0; j < weights.cols(); ++j) weights(i, j) = rng.normal();
  }
  return weights;
}

/// Blocks run in parallel (TBB), a few at a time; their sums are added in the order of the blocks.
Matrix fast_ica_step(const Blocks& blocks, std::size_t samples, const Matrix& weights) {
  constexpr std::size_t kAtATime = 8;
  const Eigen::MatrixXf narrow = weights.cast<float>();
  std::vector<Block> products(kAtATime);
  std::vector<Eigen::VectorXf> slopes(kAtATime);
  Matrix products_in_all = Matrix::Zero(weights.rows(), weights.cols());
  Eigen::VectorXd slopes_in_all = Eigen::VectorXd::Zero(weights.rows());
  for (std::size_t first = 0; first < blocks.size(); first += kAtATime) {
    const std::size_t count = std::min(kAtATime, blocks.size() - first);
    tbb::parallel_for(std::size_t{0}, count, [&](std::size_t b) {
      const Block block = blocks.block(first + b);
      const Block response = (narrow * block).array().tanh();
      products[b].noalias() = response * block.transpose();
      slopes[b] = (1.0F - response.array().square()).rowwise().sum();
    });
    for (std::size_t b = 0; b < count; ++b) {
      products_in_all += products[b].cast<double>();
      slopes_in_all += slopes[b].cast<double>();
    }
  }
  const auto n = static_cast<double>(samples);
  return products_in_all / n - (slopes_in_all / n).asDiagonal() * weights;
}

}  // namespace

IndependentComponents fast_ica(const Samples& white, std::uint64_t most_steps, Rng rng, FitMonitor& monitor,
                               std::size_t cache_bytes) {
  IndependentComponents result{.unmixing = decorrelated(random_start(white.dimension, rng))};
  const Blocks blocks(white, cache_bytes);
  while (result.steps < most_steps && !result.converged) {
    const Matrix next = decorrelated(fast_ica_step(blocks, white.count, result.unmixing));
    const auto cosines = (next.array() * result.unmixing.array()).rowwise().sum().abs();
    result.converged = (1.0 - cosines).maxCoeff() < kFastIcaTolerance;
    result.unmixing = next;
    ++result.steps;
    if (!monitor.advance(1)) break;
  }
  monitor.advance(most_steps - result.steps);
  return result;
}

IndependentComponents online_independent_components(const Samples& white, const IcaParams& params, Rng rng,
                                                    FitMonitor& monitor) {
  IndependentComponents result{.unmixing = random_start(white.dimension, rng)};
  const std::size_t size = white.dimension;
  normalise_rows(result.unmixing);
  std::vector<double> z(size), y(size);
  while (result.steps < params.fit_updates) {
    white.read(rng.integer(static_cast<std::uint32_t>(white.count)), z);
    linear_responses<double>(result.unmixing, z, y);
    const double progress = static_cast<double>(result.steps) / static_cast<double>(params.fit_updates);
    const double eta = params.fit_rate * std::pow(100.0, -progress);
    with_chosen(IcaRules(), params.ica_rule.index(), [&]<class Way>() {
      if constexpr (LearnsOnline<Way>) learn_from<typename Way::Online, double>(z, y, eta, result.unmixing);
    });
    if (++result.steps % kReportInterval == 0 && !monitor.advance(kReportInterval)) break;
  }
  monitor.advance(params.fit_updates % kReportInterval);
  refuse_divergence(result.unmixing);
  return result;
}

}  // namespace shallows
