// What rules of rate neurons work on (plasticity/rates/rate_rule.hpp).
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <concepts>
#include <span>
#include <string_view>
#include <utility>

#include "plasticity/rates/rate_rule.hpp"

namespace shallows {

template <class Real>
using RateMatrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;  ///< [unit, image]
template <class Real>
using WeightMatrix =
    Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;  ///< [neuron, input]
template <class Real>
using RateVector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;

template <class Real>
struct RateBatch {
  Eigen::Ref<const RateMatrix<Real>> x;      ///< [input, image]
  Eigen::Ref<const RateMatrix<Real>> y;      ///< [neuron, image]: what the neurons answered
  Eigen::Ref<const RateMatrix<Real>> step;   ///< of taught rules [neuron, image]: error times learning rate
  Eigen::Ref<const RateVector<Real>> rates;  ///< learning rate of each image
};

template <class Rule>
concept RateRule = std::derived_from<typename Rule::Params, RateRuleParams> &&
    requires(const typename Rule::Params& params, const RateBatch<double>& batch, WeightMatrix<double>& w) {
  { Rule::name } -> std::convertible_to<std::string_view>;
  { Rule::about } -> std::convertible_to<std::string_view>;
  { Rule::taught } -> std::convertible_to<bool>;
  { Rule::increment(params, batch, std::as_const(w)) } -> std::same_as<WeightMatrix<double>>;
};

/// One step of learning. A rule without constrain() has none.
template <RateRule Rule, class Real>
void learn_by(const typename Rule::Params& params, const RateBatch<Real>& batch, WeightMatrix<Real>& w) {
  w += Rule::increment(params, batch, std::as_const(w));
  if constexpr (requires { Rule::constrain(w); }) Rule::constrain(w);
}

/// y = W x of linear neurons, for one x, in the order of its values.
template <class Real>
void linear_responses(const WeightMatrix<Real>& w, std::span<const Real> x, std::span<Real> y) {
  for (Eigen::Index i = 0; i < w.rows(); ++i) {
    Real sum = 0;
    for (Eigen::Index k = 0; k < w.cols(); ++k) sum += w(i, k) * x[static_cast<std::size_t>(k)];
    y[static_cast<std::size_t>(i)] = sum;
  }
}

/// A step of an untaught rule from one input and the answers to it.
template <RateRule Rule, class Real>
void learn_from(std::span<const Real> x, std::span<const Real> y, Real rate, WeightMatrix<Real>& w) {
  using Column = Eigen::Map<const RateMatrix<Real>>;
  const RateMatrix<Real> none;
  learn_by<Rule, Real>({},
                       {.x = Column(x.data(), static_cast<Eigen::Index>(x.size()), 1),
                        .y = Column(y.data(), static_cast<Eigen::Index>(y.size()), 1),
                        .step = none,
                        .rates = RateVector<Real>::Constant(1, rate)},
                       w);
}

}  // namespace shallows
