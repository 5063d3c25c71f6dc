#include "models/banks/ica_bank.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "models/banks/learning/independent_components.hpp"
#include "models/banks/learning/populations.hpp"
#include "models/banks/learning/principal_components.hpp"
#include "models/eigen_index.hpp"
#include "sim/core/chosen_fields.hpp"
#include "sim/core/rng.hpp"

namespace shallows {
namespace {

/// Whitens by the principal components, then rotates.
class Ica : public PopulationRule {
 public:
  Ica(const IcaParams& params, std::uint64_t seed) : params_(params), seed_(seed) {}

  bool needs_covariance() const override { return true; }
  std::uint64_t steps() const override { return in_batch() ? params_.ica_steps : params_.fit_updates; }

  Population learn(const Samples& samples, const Matrix* covariance, std::size_t population,
                   FitMonitor& monitor) const override {
    const PrincipalComponents components = principal_components(*covariance, params_.features);
    Population learned{.filters = Matrix::Zero(index(params_.features), index(samples.dimension))};
    learned.total = components.total_variance;
    learned.explained = std::accumulate(components.variances.begin(), components.variances.end(), 0.0);
    const auto live =
        static_cast<std::size_t>(std::count_if(components.variances.begin(), components.variances.end(),
                                               [](double variance) { return variance > 0.0; }));
    IndependentComponents found;
    if (live == 0) {
      monitor.advance(steps());
    } else {
      const PrincipalComponents kept{
          .vectors = components.vectors.topRows(index(live)),
          .variances = {components.variances.begin(),
                        components.variances.begin() + static_cast<std::ptrdiff_t>(live)}};
      found =
          rotate(whitened(samples, kept), Rng(seed_, Purpose::independent_components, population), monitor);
      Matrix whitening = kept.vectors;
      for (std::size_t k = 0; k < live; ++k) {
        whitening.row(index(k)) /= std::sqrt(kept.variances[k] + params_.variance_floor);
      }
      learned.filters.topRows(index(live)) = found.unmixing * whitening;
    }
    if (in_batch()) {
      learned.figures = {{"steps", static_cast<double>(found.steps)},
                         {"converged", found.converged ? 1.0 : 0.0}};
    }
    return learned;
  }

 private:
  bool in_batch() const { return !learns_online<IcaRules>(params_.ica_rule); }

  IndependentComponents rotate(const Samples& white, const Rng& rng, FitMonitor& monitor) const {
    return in_batch() ? fast_ica(white, params_.ica_steps, rng, monitor)
                      : online_independent_components(white, params_, rng, monitor);
  }

  const IcaParams& params_;
  std::uint64_t seed_;
};

}  // namespace

Fields<IcaParams> IcaParams::fields() {
  Fields<IcaParams> online = inherited<IcaParams, OnlineParams>();
  for (auto& field : online) field.conditions = {{"ica_rule", online_names<IcaRules>()}};
  return joined(
      inherited<IcaParams, LearnedParams>(),
      chosen_fields<IcaRules>("ica_rule", &IcaParams::ica_rule, "rule",
                              "batch FastICA, or a local online rule on whitened patches", ""),
      Fields<IcaParams>{
          field("ica_steps", &IcaParams::ica_steps, "",
                "steps of FastICA at most (1: as released; it ends earlier where it has converged); 0: a "
                "random rotation of the whitened patches",
                CountDomain{0, 1'000'000}),
          field("variance_floor", &IcaParams::variance_floor, "pixel variance",
                "added to the variances that whiten the patches in the filters", non_negative(1e6))},
      std::move(online));
}

std::optional<Problem> IcaBank::problem(const Params& params, const BankShape& shape,
                                        const ImageShape* images) {
  return problem_of_components(params, shape, images);
}

std::optional<MadeBank> IcaBank::make(const Params& params, const BankShape& shape,
                                      const BankSource& source) {
  return fit_populations(Ica(params, source.seed), params, shape, source);
}

}  // namespace shallows
