#include "models/banks/learning/sparse_coding.hpp"

#include <algorithm>
#include <cmath>
#include <variant>

#include "models/banks/learning/principal_components.hpp"
#include "plasticity/rates/rate_batch.hpp"
#include "models/eigen_index.hpp"

namespace shallows {
namespace {


Eigen::Map<const Eigen::VectorXd> vector(std::span<const double> values) {
  return {values.data(), index(values.size())};
}

double first_threshold(const SparseRuleChoice& chosen) {
  return with_chosen(SparseRules(), chosen.index(), [&]<class Rule>() {
    return Rule::first_threshold(std::get<typename Rule::Params>(chosen));
  });
}

}  // namespace

SparseCoder::SparseCoder(const SparseParams& params, std::size_t neurons, std::size_t inputs, Rng& rng)
    : params_(params),
      weights_(index(neurons), index(inputs)),
      lateral_(Eigen::MatrixXd::Zero(index(neurons), index(neurons))),
      thresholds_(neurons, first_threshold(params.sparse_rule)),
      mean_(neurons, 0.0),
      drive_(neurons),
      activity_(neurons),
      dynamics_(params.sparse_dynamics, neurons) {
  const double deviation = 0.1 / std::sqrt(static_cast<double>(inputs));
  for (Eigen::Index i = 0; i < weights_.rows(); ++i) {
    for (Eigen::Index k = 0; k < weights_.cols(); ++k) weights_(i, k) = deviation * rng.normal();
  }
}

std::span<const double> SparseCoder::respond(std::span<const double> x) {
  Eigen::Map<Eigen::VectorXd>(drive_.data(), index(drive_.size())).noalias() = weights_ * vector(x);
  const std::span<const double> lateral(lateral_.data(), drive_.size() * drive_.size());
  if (!dynamics_.respond(lateral, thresholds_, drive_, activity_)) ++unsettled_;
  return activity_;
}

void SparseCoder::learn(std::span<const double> x) {
  respond(x);
  ++learned_;
  with_chosen(SparseRules(), params_.sparse_rule.index(), [&]<class Rule>() {
    learn_inhibition<Rule>();
    learn_forward<Rule>(x);
  });
}

template <class Rule>
void SparseCoder::learn_inhibition() {
  const double share = std::max(1.0 / static_cast<double>(learned_), 0.01);
  for (std::size_t i = 0; i < mean_.size(); ++i) mean_[i] += share * (activity_[i] - mean_[i]);
  for (std::size_t j = 0; j < activity_.size(); ++j) {
    if (activity_[j] == 0.0 && !Rule::silent_ones_inhibit) continue;
    for (std::size_t i = 0; i < activity_.size(); ++i) {
      double& v = lateral_(index(i), index(j));
      v = i == j ? 0.0 : std::max(0.0, v + Rule::inhibition_increment(activity_[i], mean_[i], activity_[j]));
    }
  }
  for (std::size_t i = 0; i < activity_.size(); ++i)
    thresholds_[i] += Rule::threshold_increment(activity_[i]);
}

template <class Rule>
void SparseCoder::learn_forward(std::span<const double> x) {
  // The first time all, so that whatever constraint the rule keeps holds from then on.
  std::vector<Eigen::Index> rows;
  std::vector<double> answers;
  for (std::size_t i = 0; i < activity_.size(); ++i) {
    if (activity_[i] == 0.0 && learned_ > 1) continue;
    rows.push_back(index(i));
    answers.push_back(activity_[i]);
  }
  WeightMatrix<double> active = weights_(rows, Eigen::all);
  learn_from<typename Rule::Forward, double>(x, answers, params_.fit_rate, active);
  weights_(rows, Eigen::all) = active;
}

SparseCoder learn_sparse_code(const Samples& samples, std::size_t neurons, const SparseParams& params,
                              Rng rng, FitMonitor& monitor) {
  SparseCoder coder(params, neurons, samples.dimension, rng);
  std::vector<double> x(samples.dimension);
  for (std::uint64_t t = 0; t < params.fit_updates; ++t) {
    samples.read(rng.integer(static_cast<std::uint32_t>(samples.count)), x);
    coder.learn(x);
    if ((t + 1) % kReportInterval == 0 && !monitor.advance(kReportInterval)) break;
  }
  monitor.advance(params.fit_updates % kReportInterval);
  refuse_divergence(coder.weights());
  return coder;
}

CodeFigures code_figures(SparseCoder coder, const Samples& samples, std::size_t most) {
  coder.reset_unsettled();
  const std::size_t count = std::min(samples.count, most);
  std::vector<double> x(samples.dimension);
  double power = 0.0, error = 0.0, active = 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    samples.read(i, x);
    const std::span<const double> y = coder.respond(x);
    power += vector(x).squaredNorm();
    error += (vector(x) - coder.weights().transpose() * vector(y)).squaredNorm();
    active +=
        static_cast<double>(std::count_if(y.begin(), y.end(), [](double value) { return value > 0.0; }));
  }
  const double neurons = static_cast<double>(coder.weights().rows());
  return {.explained = power > 0.0 ? 1.0 - error / power : 0.0,
          .active = active / (neurons * static_cast<double>(count)),
          .unsettled = static_cast<double>(coder.unsettled()) / static_cast<double>(count)};
}

}  // namespace shallows
