// What rules of rate neurons work on (plasticity/rates/rate_rule.hpp).
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "plasticity/rates/rate_rule.hpp"
#include "sim/vector/matrix_product.hpp"

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
  Eigen::Ref<const RateMatrix<Real>> x;  ///< [input, image]
  Eigen::Ref<const RateMatrix<Real>> a;  ///< [neuron, image]: the activations of the neurons
  Eigen::Ref<const RateMatrix<Real>> y;  ///< [neuron, image]: their answers, or what a competition made of a
  Eigen::Ref<const RateMatrix<Real>>
      step;  ///< of taught rules [neuron, image]: error times rate of the image
  Eigen::Ref<const RateVector<Real>> rates;  ///< learning rate of each image
  /// [input, image] sum over all neurons that see the same inputs of y_j w_j, of which w may have a part only.
  const RateMatrix<Real>* explained = nullptr;
};

template <class Rule>
concept RateRule = std::derived_from<typename Rule::Params, RateRuleParams> &&
    requires(const typename Rule::Params& params, const RateBatch<double>& batch, WeightMatrix<double>& w) {
  { Rule::name } -> std::convertible_to<std::string_view>;
  { Rule::about } -> std::convertible_to<std::string_view>;
  { Rule::taught } -> std::convertible_to<bool>;
  { Rule::increment(params, batch, std::as_const(w)) } -> std::same_as<WeightMatrix<double>>;
};

/// sum over images of g x^T, for g [neuron, image] and x [input, image].
template <class Weights, class Left, class Right>
Weights outer_products(const Left& g, const Right& x) {
  Weights product(g.rows(), x.rows());
  if constexpr (std::is_same_v<typename Weights::Scalar, float>) {
    const Eigen::Ref<const RateMatrix<float>> left = g, right = x;
    const auto size = [](Eigen::Index n) { return static_cast<std::size_t>(n); };
    const std::size_t images = size(left.cols());
    const MatrixOperand neurons{left.data(), 1, size(left.outerStride())};
    const MatrixOperand inputs{right.data(), 1, size(right.outerStride())};
    const auto turned = [](MatrixOperand m) { return MatrixOperand{m.data, m.column_step, m.row_step}; };
    if constexpr (Weights::IsRowMajor) {
      multiply(size(product.rows()), size(product.cols()), images, neurons, turned(inputs), product.data(),
               size(product.outerStride()), Sum::fresh);
    } else {
      multiply(size(product.cols()), size(product.rows()), images, inputs, turned(neurons), product.data(),
               size(product.outerStride()), Sum::fresh);
    }
  } else {
    product.noalias() = g * x.transpose();
  }
  return product;
}

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

/// A step of an untaught rule from one input and the answers of linear neurons to it.
template <RateRule Rule, class Real>
void learn_from(std::span<const Real> x, std::span<const Real> y, Real rate, WeightMatrix<Real>& w) {
  using Column = Eigen::Map<const RateMatrix<Real>>;
  const RateMatrix<Real> none;
  const Column answers(y.data(), static_cast<Eigen::Index>(y.size()), 1);
  learn_by<Rule, Real>({},
                       {.x = Column(x.data(), static_cast<Eigen::Index>(x.size()), 1),
                        .a = answers,
                        .y = answers,
                        .step = none,
                        .rates = RateVector<Real>::Constant(1, rate)},
                       w);
}

}  // namespace shallows
