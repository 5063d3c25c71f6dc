#include "models/banks/sparse_bank.hpp"

#include <span>
#include <utility>

#include "models/banks/learning/populations.hpp"
#include "models/banks/learning/sparse_coding.hpp"
#include "sim/core/chosen_fields.hpp"
#include "sim/core/rng.hpp"

namespace shallows {
namespace {

constexpr std::size_t kFigureSamples = 2000;

class SparseCoding : public PopulationRule {
 public:
  SparseCoding(const SparseParams& params, std::uint64_t seed) : params_(params), seed_(seed) {}

  bool needs_covariance() const override { return false; }
  std::uint64_t steps() const override { return params_.fit_updates; }
  Population learn(const Samples& samples, const Matrix*, std::size_t population,
                   FitMonitor& monitor) const override {
    const Rng rng(seed_, Purpose::sparse_coding, population);
    SparseCoder coder = learn_sparse_code(samples, params_.features, params_, rng, monitor);
    Population learned{.filters = coder.weights()};
    const auto append = [](std::span<const double> values, std::vector<float>& out) {
      for (const double value : values) out.push_back(static_cast<float>(value));
    };
    append({coder.lateral().data(), params_.features * params_.features}, learned.lateral);
    append(coder.thresholds(), learned.thresholds);
    const CodeFigures code = code_figures(std::move(coder), samples, kFigureSamples);
    learned.figures = {
        {"explained_variance", code.explained}, {"active", code.active}, {"unsettled", code.unsettled}};
    return learned;
  }

 private:
  const SparseParams& params_;
  std::uint64_t seed_;
};

}  // namespace

Fields<SparseParams> SparseParams::fields() {
  return joined(
      inherited<SparseParams, LearnedParams>(),
      chosen_fields<SparseRules>("sparse_rule", &SparseParams::sparse_rule, "rule",
                                 "how weights, inhibition and thresholds are learned", ""),
      Fields<SparseParams>{
          choice(
              "sparse_dynamics", &SparseParams::sparse_dynamics, "dynamics",
              "recurrent inhibition integrated to its fixed point, or 50 Euler steps (as released)",
              {{"fixed-point", SparseDynamics::fixed_point}, {"fifty-steps", SparseDynamics::fifty_steps}}),
          choice("inhibition", &SparseParams::inhibition, "inhibition",
                 "how sparse-coding neurons respond in the rate network: none, each for itself (rectified); "
                 "or by the inhibition that they have learned within their patch, integrated to its fixed "
                 "point or by 50 Euler steps (the paper's, fast)",
                 {{"none", HiddenInhibition::none},
                  {"fixed-point", HiddenInhibition::fixed_point},
                  {"fifty-steps", HiddenInhibition::fifty_steps}}),
          field("per_set_scale", &SparseParams::per_set_scale, "",
                "test and validation images: hidden.scale_by is measured on each set itself, without its "
                "labels (as released), not on the training images",
                SwitchDomain{})
              .of_evaluation()},
      inherited<SparseParams, OnlineParams>());
}

std::optional<Problem> SparseBank::problem(const Params& params, const BankShape& shape, const ImageShape*) {
  const bool measured = params.scale_by != FieldScale::l1 && params.scale_by != FieldScale::as_is;
  if (params.per_set_scale && !measured) {
    return Problem{std::string("per_set_scale = true has no effect with scale_by = ") +
                       (params.scale_by == FieldScale::l1 ? "\"l1\"" : "\"as-is\""),
                   "it is not measured on images",
                   "choose \"largest\" (as released) or \"rms\", or set it to false"};
  }
  return problem_of_populations(params, shape);
}

std::optional<MadeBank> SparseBank::make(const Params& params, const BankShape& shape,
                                         const BankSource& source) {
  return fit_populations(SparseCoding(params, source.seed), params, shape, source);
}

}  // namespace shallows
