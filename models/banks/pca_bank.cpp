#include "models/banks/pca_bank.hpp"

#include <numeric>
#include <utility>

#include "models/banks/learning/populations.hpp"
#include "models/banks/learning/principal_components.hpp"
#include "sim/core/chosen_fields.hpp"
#include "sim/core/rng.hpp"

namespace shallows {
namespace {

class BatchPca : public PopulationRule {
 public:
  explicit BatchPca(const PcaParams& params) : params_(params) {}

  bool needs_covariance() const override { return true; }
  std::uint64_t steps() const override { return 1; }
  Population learn(const Samples&, const Matrix* covariance, std::size_t,
                   FitMonitor& monitor) const override {
    PrincipalComponents components = principal_components(*covariance, params_.features);
    Population population{.filters = std::move(components.vectors)};
    population.total = components.total_variance;
    population.explained = std::accumulate(components.variances.begin(), components.variances.end(), 0.0);
    monitor.advance(1);
    return population;
  }

 private:
  const PcaParams& params_;
};

class OnlinePca : public PopulationRule {
 public:
  OnlinePca(const PcaParams& params, std::uint64_t seed) : params_(params), seed_(seed) {}

  bool needs_covariance() const override { return false; }
  std::uint64_t steps() const override { return params_.fit_updates; }
  Population learn(const Samples& samples, const Matrix*, std::size_t population,
                   FitMonitor& monitor) const override {
    const Rng rng(seed_, Purpose::online_components, population);
    return {.filters = online_components(samples, params_.features, params_, rng, monitor)};
  }

 private:
  const PcaParams& params_;
  std::uint64_t seed_;
};

}  // namespace

Fields<PcaParams> PcaParams::fields() {
  Fields<PcaParams> online = inherited<PcaParams, OnlineParams>();
  for (auto& field : online) field.conditions = {{"pca_rule", online_names<PcaRules>()}};
  return joined(inherited<PcaParams, LearnedParams>(),
                chosen_fields<PcaRules>("pca_rule", &PcaParams::pca_rule, "rule",
                                        "batch eigenvectors (as released), or a local online rule", ""),
                std::move(online));
}

std::optional<Problem> PcaBank::problem(const Params& params, const BankShape& shape,
                                        const ImageShape* images) {
  return problem_of_components(params, shape, images);
}

std::optional<MadeBank> PcaBank::make(const Params& params, const BankShape& shape,
                                      const BankSource& source) {
  if (learns_online<PcaRules>(params.pca_rule))
    return fit_populations(OnlinePca(params, source.seed), params, shape, source);
  return fit_populations(BatchPca(params), params, shape, source);
}

}  // namespace shallows
