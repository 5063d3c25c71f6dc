// Local rules that learn features from inputs alone (row i of W is w_i, y_i the answer of neuron i):
//
//     Hebb's rule                      dw_i = eta y_i x, which grows without bound
//     normalised Hebb                  dw_i = eta y_i x, then |w_i| = 1
//     instar (Grossberg 1976)          dw_i = eta y_i (x - w_i), each for itself
//     Oja's rule (Oja 1982)            dw_i = eta y_i (x - y_i w_i), each for itself
//     Oja's subspace rule (Oja 1989)   dw_i = eta y_i (x - sum over all j of y_j w_j)
//     Sanger's rule (Sanger 1989)      dw_i = eta y_i (x - sum over j <= i of y_j w_j)
//     nonlinear Hebb (Hyvarinen and Oja 1998), on whitened x:
//                                      dw_i = eta f(y_i) (x - sum over j < i of y_j w_j), then |w_i| = 1
//
// Of linear neurons y = W x Oja's subspace rule finds the principal subspace, Sanger's the principal components themselves,
// the nonlinear one, with an expansive f(y) = y - tanh(y), independent components of heavy-tailed sources,
// one after the other: on what the neurons before it explain. Under Oja's rule, normalised Hebb and instar
// neurons learn alike (under Oja's: the first principal component) unless something tells their answers apart.
#pragma once

#include <cmath>
#include <string_view>

#include "plasticity/rates/rate_rule.hpp"

namespace shallows {

/// |w_i| = 1, unless it is 0.
template <class Weights>
void normalise_row(Weights& w, decltype(w.rows()) i) {
  typename Weights::Scalar squares = 0;
  for (decltype(i) k = 0; k < w.cols(); ++k) squares += w(i, k) * w(i, k);
  if (squares != 0) w.row(i) *= 1 / std::sqrt(squares);
}

template <class Weights>
void normalise_rows(Weights& w) {
  for (decltype(w.rows()) i = 0; i < w.rows(); ++i) normalise_row(w, i);
}

/// Which neurons' share of the input a neuron does not learn from.
enum class Explained { by_all, up_to_itself, before_itself };

/// dw_i = sum over images of rate drive(y_i) (x - explained), image by image.
template <Explained explained, class Batch, class Weights, class Drive>
Weights residual_increment(const Batch& batch, const Weights& w, Drive&& drive) {
  using Index = decltype(w.rows());
  Weights increment = Weights::Zero(w.rows(), w.cols());
  for (Index k = 0; k < batch.x.cols(); ++k) {
    auto residual = batch.x.col(k).eval();
    const auto explain = [&](Index i) { residual -= batch.y(i, k) * w.row(i).transpose(); };
    if constexpr (explained == Explained::by_all) {
      for (Index i = 0; i < w.rows(); ++i) explain(i);
    }
    for (Index i = 0; i < w.rows(); ++i) {
      if constexpr (explained == Explained::up_to_itself) explain(i);
      increment.row(i) += batch.rates[k] * drive(batch.y(i, k)) * residual.transpose();
      if constexpr (explained == Explained::before_itself) explain(i);
    }
  }
  return increment;
}

/// sum over images of rate y_i (x - u_i w_i), where u is [neuron, image].
template <class Batch, class Given, class Weights>
Weights increment_with_decay(const Batch& batch, const Given& u, const Weights& w) {
  const auto signal = (batch.y * batch.rates.asDiagonal()).eval();
  Weights increment = outer_products<Weights>(signal, batch.x);
  const auto decay = signal.cwiseProduct(u).rowwise().sum().eval();
  increment.noalias() -= decay.asDiagonal() * w;
  return increment;
}

struct Hebb {
  using Params = PlainRuleParams<Hebb>;
  static constexpr std::string_view name = "hebb";
  static constexpr std::string_view abbreviation = "hebb";
  static constexpr std::string_view about = "dw = eta y x: what fires together wires together, without bound";
  static constexpr bool taught = false;

  template <class Batch, class Weights>
  static Weights increment(const Params&, const Batch& batch, const Weights&) {
    return outer_products<Weights>(batch.y * batch.rates.asDiagonal(), batch.x);
  }
};

/// Of a batch: the sum, then the norm.
struct NormalisedHebb {
  using Params = PlainRuleParams<NormalisedHebb>;
  static constexpr std::string_view name = "normalised-hebb";
  static constexpr std::string_view abbreviation = "nhebb";
  static constexpr std::string_view about =
      "dw = eta y x, then unit weights: towards the inputs that it answers";
  static constexpr bool taught = false;

  template <class Batch, class Weights>
  static Weights increment(const Params&, const Batch& batch, const Weights& w) {
    return Hebb::increment({}, batch, w);
  }
  template <class Weights>
  static void constrain(Weights& w) {
    normalise_rows(w);
  }
};

struct Instar {
  using Params = PlainRuleParams<Instar>;
  static constexpr std::string_view name = "instar";
  static constexpr std::string_view abbreviation = "instar";
  static constexpr std::string_view about =
      "dw = eta y (x - w): towards the mean of the inputs that it answers";
  static constexpr bool taught = false;

  template <class Batch, class Weights>
  static Weights increment(const Params&, const Batch& batch, const Weights& w) {
    using Index = decltype(w.rows());
    Weights increment = Weights::Zero(w.rows(), w.cols());
    for (Index k = 0; k < batch.x.cols(); ++k) {
      for (Index i = 0; i < w.rows(); ++i)
        increment.row(i) += batch.rates[k] * batch.y(i, k) * (batch.x.col(k).transpose() - w.row(i));
    }
    return increment;
  }
};

struct Oja {
  using Params = PlainRuleParams<Oja>;
  static constexpr std::string_view name = "oja";
  static constexpr std::string_view abbreviation = "oja";
  static constexpr std::string_view about = "dw = eta y (x - y w): Hebb's rule with a norm that goes to 1";
  static constexpr bool taught = false;

  template <class Batch, class Weights>
  static Weights increment(const Params&, const Batch& batch, const Weights& w) {
    return increment_with_decay(batch, batch.y, w);
  }
};

struct OjaSubspace {
  using Params = PlainRuleParams<OjaSubspace>;
  static constexpr std::string_view name = "oja-subspace";
  static constexpr std::string_view abbreviation = "subspace";
  static constexpr std::string_view about =
      "Oja's subspace rule: what all neurons together do not explain yet";
  static constexpr bool taught = false;
  static constexpr bool explains_together = true;  ///< needs the sum of y w of all neurons that see the same

  template <class Batch, class Weights>
  static Weights increment(const Params&, const Batch& batch, const Weights& w) {
    if (batch.explained != nullptr)
      return outer_products<Weights>(batch.y * batch.rates.asDiagonal(), batch.x - *batch.explained);
    return residual_increment<Explained::by_all>(batch, w, [](auto y) { return y; });
  }
};

struct Sanger {
  using Params = PlainRuleParams<Sanger>;
  static constexpr std::string_view name = "sanger";
  static constexpr std::string_view abbreviation = "sanger";
  static constexpr std::string_view about = "Sanger's rule: principal components, one after the other";
  static constexpr bool taught = false;

  template <class Batch, class Weights>
  static Weights increment(const Params&, const Batch& batch, const Weights& w) {
    return residual_increment<Explained::up_to_itself>(batch, w, [](auto y) { return y; });
  }
};

struct NonlinearHebb {
  using Params = PlainRuleParams<NonlinearHebb>;
  static constexpr std::string_view name = "nonlinear-hebb";
  static constexpr std::string_view abbreviation = "nlh";
  static constexpr std::string_view about =
      "nonlinear Hebb on what earlier neurons leave, unit weights: independent components of whitened inputs";
  static constexpr bool taught = false;

  template <class Batch, class Weights>
  static Weights increment(const Params&, const Batch& batch, const Weights& w) {
    return residual_increment<Explained::before_itself>(batch, w, [](auto y) { return y - std::tanh(y); });
  }
  template <class Weights>
  static void constrain(Weights& w) {
    normalise_rows(w);
  }
};

}  // namespace shallows
