// Rules by which neurons that see the same inputs compete for them: what neuron j learns from an image is
// g_j, which a competition makes of all activations a = W x + b,
//
//     dw_j = eta g_j (x - a_j w_j)
//
// Krotov and Hopfield (2019), with their Lebesgue norm p = 2: the most active neuron has g = 1, the one of rank
// `rank` g = -`anti`, the others 0; the increments of an update are divided by the largest of them.
// Soft winner-take-all (SoftHebb; Moraitis et al. 2022, Journe et al. 2023): g = softmax(a / temperature), of
// which all but the most active neuron have the opposite sign if `anti_hebbian`.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <vector>

#include "plasticity/rates/hebbian_rules.hpp"
#include "sim/vector/exp_many.hpp"

namespace shallows {

/// Of rules that are all in the competition: the batch's y are the g.
struct CompetitiveIncrement {
  template <class Batch, class Weights>
  static Weights increment(const RateRuleParams&, const Batch& batch, const Weights& w) {
    return increment_with_decay(batch, batch.a, w);
  }
};

struct KrotovHopfieldParams : RateRuleParams {
  std::size_t rank = 2;
  double anti = 0.4;

  static Fields<KrotovHopfieldParams> fields() {
    return joined(
        inherited<KrotovHopfieldParams, RateRuleParams>(),
        Fields<KrotovHopfieldParams>{
            field("rank", &KrotovHopfieldParams::rank, "",
                  "the neuron of this rank among the activations unlearns", CountDomain{2, 1'000'000}),
            field("anti", &KrotovHopfieldParams::anti, "", "how strongly it does, over the winner's learning",
                  non_negative(1e3))});
  }
};

struct KrotovHopfield : CompetitiveIncrement {
  using Params = KrotovHopfieldParams;
  static constexpr std::string_view name = "krotov-hopfield";
  static constexpr std::string_view abbreviation = "kh";
  static constexpr std::string_view about =
      "the most active neuron learns the input, a runner-up unlearns it";
  static constexpr bool taught = false;
  static constexpr bool by_largest = true;

  template <class Activations, class Signal>
  static void compete(const Params& params, const Activations& a, Signal& g) {
    using Index = decltype(a.rows());
    const auto rank = std::min(params.rank, static_cast<std::size_t>(a.rows()));
    std::vector<Index> order(static_cast<std::size_t>(a.rows()));
    g.setZero();
    for (Index k = 0; k < a.cols(); ++k) {
      std::iota(order.begin(), order.end(), Index{0});
      const auto before = [&](Index i, Index j) { return a(i, k) != a(j, k) ? a(i, k) > a(j, k) : i < j; };
      std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(rank), order.end(),
                        before);
      if (rank > 1) g(order[rank - 1], k) = static_cast<typename Signal::Scalar>(-params.anti);
      g(order[0], k) = 1;
    }
  }
};

struct SoftHebbParams : RateRuleParams {
  double temperature = 1.0;
  bool anti_hebbian = true;

  static Fields<SoftHebbParams> fields() {
    return joined(
        inherited<SoftHebbParams, RateRuleParams>(),
        Fields<SoftHebbParams>{
            field("temperature", &SoftHebbParams::temperature, "",
                  "activations that differ by so much share an input as e to 1", positive(1e6)),
            field("anti_hebbian", &SoftHebbParams::anti_hebbian, "",
                  "whether all but the most active neuron unlearn (Journe et al. 2023)", SwitchDomain{})});
  }
};

struct SoftHebb : CompetitiveIncrement {
  using Params = SoftHebbParams;
  static constexpr std::string_view name = "soft-hebb";
  static constexpr std::string_view abbreviation = "softhebb";
  static constexpr std::string_view about =
      "soft winner-take-all: neurons share an input by their activations";
  static constexpr bool taught = false;

  template <class Activations, class Signal>
  static void compete(const Params& params, const Activations& a, Signal& g) {
    using Index = decltype(a.rows());
    std::vector<double> powers(static_cast<std::size_t>(a.rows()));
    for (Index k = 0; k < a.cols(); ++k) {
      Index winner = 0;
      for (Index j = 1; j < a.rows(); ++j) winner = a(j, k) > a(winner, k) ? j : winner;
      const double largest = a(winner, k);
      // exp_many is for |x| <= 700; what is far below the largest has no share in any case.
      for (Index j = 0; j < a.rows(); ++j)
        powers[static_cast<std::size_t>(j)] = std::max((a(j, k) - largest) / params.temperature, -700.0);
      exp_many(powers, powers);
      const double sum = std::accumulate(powers.begin(), powers.end(), 0.0);
      for (Index j = 0; j < a.rows(); ++j) {
        const double share = powers[static_cast<std::size_t>(j)] / sum;
        const bool unlearns = params.anti_hebbian && j != winner;
        g(j, k) = static_cast<typename Signal::Scalar>(unlearns ? -share : share);
      }
    }
  }
};

}  // namespace shallows
