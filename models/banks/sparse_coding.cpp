#include "models/banks/sparse_coding.hpp"

#include <algorithm>
#include <boost/numeric/odeint/stepper/controlled_runge_kutta.hpp>
#include <boost/numeric/odeint/stepper/generation.hpp>
#include <boost/numeric/odeint/stepper/runge_kutta_dopri5.hpp>
#include <cmath>

#include "models/banks/principal_components.hpp"
#include "plasticity/feature_rules.hpp"

namespace shallows {
namespace {

constexpr double kLateralRate = 1e-2;
constexpr std::uint64_t kReportInterval = 1000;

Eigen::Index index(std::size_t i) { return static_cast<Eigen::Index>(i); }

Eigen::Map<const Eigen::VectorXd> vector(std::span<const double> values) {
  return {values.data(), index(values.size())};
}

}  // namespace

SparseCoder::SparseCoder(const LearnedParams& params, std::size_t neurons, std::size_t inputs, Rng& rng)
    : params_(params),
      weights_(index(neurons), index(inputs)),
      lateral_(Eigen::MatrixXd::Zero(index(neurons), index(neurons))),
      thresholds_(neurons, params.sparse_rule == SparseRule::brito ? params.sparse_threshold : 5.0),
      mean_(neurons, 0.0),
      drive_(neurons),
      potentials_(neurons),
      activity_(neurons) {
  const double deviation = 0.1 / std::sqrt(static_cast<double>(inputs));
  for (Eigen::Index i = 0; i < weights_.rows(); ++i) {
    for (Eigen::Index k = 0; k < weights_.cols(); ++k) weights_(i, k) = deviation * rng.normal();
  }
}

std::span<const double> SparseCoder::respond(std::span<const double> x) {
  Eigen::Map<Eigen::VectorXd>(drive_.data(), index(drive_.size())).noalias() = weights_ * vector(x);
  std::fill(potentials_.begin(), potentials_.end(), 0.0);
  if (params_.sparse_dynamics == SparseDynamics::fixed_point) {
    settle();
  } else {
    take_fifty_steps();
  }
  activate(potentials_);
  return activity_;
}

void SparseCoder::activate(const std::vector<double>& potentials) {
  for (std::size_t i = 0; i < potentials.size(); ++i) {
    activity_[i] = std::max(0.0, potentials[i] - thresholds_[i]);
  }
}

void SparseCoder::derivative(const std::vector<double>& potentials, std::vector<double>& rates) {
  activate(potentials);
  Eigen::Map<Eigen::VectorXd> rate(rates.data(), index(rates.size()));
  rate = vector(drive_) - vector(potentials);
  // Few neurons are active.
  for (std::size_t j = 0; j < activity_.size(); ++j) {
    if (activity_[j] > 0.0) rate -= activity_[j] * lateral_.col(index(j));
  }
}

void SparseCoder::take_fifty_steps() {
  std::vector<double> rates(potentials_.size());
  for (int step = 0; step < 50; ++step) {
    derivative(potentials_, rates);
    for (std::size_t i = 0; i < rates.size(); ++i) potentials_[i] += 0.1 * rates[i];
  }
}

void SparseCoder::settle() {
  namespace odeint = boost::numeric::odeint;
  using State = std::vector<double>;
  constexpr double kTolerance = 1e-4;  // of the largest drive
  constexpr double kLongest = 100.0;   // time constants
  double scale = 0.0;
  for (const double drive : drive_) scale = std::max(scale, std::abs(drive));
  if (scale == 0.0) return;
  const double small = kTolerance * scale;
  auto stepper = odeint::make_controlled(small, kTolerance, odeint::runge_kutta_dopri5<State>());
  const auto rates = [this](const State& potentials, State& out, double) { derivative(potentials, out); };
  State rate(potentials_.size());
  double time = 0.0, step = 0.5;
  while (time < kLongest) {
    stepper.try_step(rates, potentials_, time, step);
    derivative(potentials_, rate);
    const bool still =
        std::all_of(rate.begin(), rate.end(), [&](double r) { return std::abs(r) <= 10.0 * small; });
    if (still) return;
  }
  ++unsettled_;
}

void SparseCoder::learn(std::span<const double> x) {
  respond(x);
  ++learned_;
  if (params_.sparse_rule == SparseRule::brito) {
    learn_brito(x);
  } else {
    learn_foldiak(x);
  }
}

void SparseCoder::learn_brito(std::span<const double> x) {
  const double share = std::max(1.0 / static_cast<double>(learned_), 0.01);
  for (std::size_t i = 0; i < mean_.size(); ++i) mean_[i] += share * (activity_[i] - mean_[i]);
  for (std::size_t j = 0; j < activity_.size(); ++j) {
    if (activity_[j] == 0.0) continue;
    for (std::size_t i = 0; i < activity_.size(); ++i) {
      double& v = lateral_(index(i), index(j));
      v = i == j ? 0.0 : std::max(0.0, v + kLateralRate * (activity_[i] - mean_[i]) * activity_[j]);
    }
  }
  for (std::size_t i = 0; i < activity_.size(); ++i) {
    // The first update normalises every row; later ones change only the rows of active neurons.
    if (activity_[i] == 0.0 && learned_ > 1) continue;
    weights_.row(index(i)) += params_.rate * activity_[i] * vector(x).transpose();
    normalize({weights_.data() + i * x.size(), x.size()});
  }
}

void SparseCoder::learn_foldiak(std::span<const double> x) {
  constexpr double kActivity = 0.1;
  for (std::size_t i = 0; i < activity_.size(); ++i) {
    for (std::size_t j = 0; j < activity_.size(); ++j) {
      double& v = lateral_(index(i), index(j));
      v = i == j ? 0.0
                 : std::max(0.0, v + kLateralRate * (activity_[i] * activity_[j] - kActivity * kActivity));
    }
    if (activity_[i] > 0.0) {
      weights_.row(index(i)) +=
          params_.rate * activity_[i] * (vector(x).transpose() - weights_.row(index(i)));
    }
    thresholds_[i] += 1e-2 * (activity_[i] - kActivity);
  }
}

SparseCoder learn_sparse_code(const Samples& samples, std::size_t neurons, const LearnedParams& params,
                              Rng rng, FitMonitor& monitor) {
  SparseCoder coder(params, neurons, samples.dimension, rng);
  std::vector<double> x(samples.dimension);
  for (std::uint64_t t = 0; t < params.updates; ++t) {
    samples.read(rng.integer(static_cast<std::uint32_t>(samples.count)), x);
    coder.learn(x);
    if ((t + 1) % kReportInterval == 0 && !monitor.advance(kReportInterval)) break;
  }
  monitor.advance(params.updates % kReportInterval);
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
