#include "models/rate/layers/plastic_layer.hpp"

#include <tbb/parallel_for.h>

#include <cassert>
#include <utility>

#include "sim/core/rng.hpp"

namespace shallows {

PlasticRateLayer::PlasticRateLayer(const Synapses& synapses, const RateLayerParams& params,
                                   std::vector<float> biases)
    : params_(params), weights_(synapses), biases_(std::move(biases)) {
  assert(biases_.size() == synapses.targets());
}

RateMatrix<float> PlasticRateLayer::respond(const RateMatrix<float>& x) const {
  RateMatrix<float> h = weights_.times(x);
  with_chosen(Activations(), params_.activation.index(), [&]<class Activation>() {
    for (Eigen::Index k = 0; k < h.cols(); ++k) {
      for (Eigen::Index i = 0; i < h.rows(); ++i)
        h(i, k) = Activation::answer(h(i, k) + biases_[static_cast<std::size_t>(i)]);
    }
  });
  return h;
}

void PlasticRateLayer::back_through_activation(const RateMatrix<float>& h, RateMatrix<float>& errors) const {
  with_chosen(Activations(), params_.activation.index(), [&]<class Activation>() {
    for (Eigen::Index k = 0; k < h.cols(); ++k) {
      for (Eigen::Index i = 0; i < h.rows(); ++i) errors(i, k) *= Activation::slope(h(i, k));
    }
  });
}

RateMatrix<float> PlasticRateLayer::errors_below(const RateMatrix<float>& step) const {
  return feedback_ ? feedback_->transposed_times(step) : weights_.transposed_times(step);
}

void PlasticRateLayer::learn(const RateMatrix<float>& x, const RateMatrix<float>& h,
                             const RateMatrix<float>& step, const RateVector<float>& rates) {
  with_chosen(HiddenRules(), params_.rule.index(), [&]<class Rule>() {
    if constexpr (RateRule<Rule>) {
      const auto& params = std::get<typename Rule::Params>(params_.rule);
      const auto factor = static_cast<float>(params.learning_rate_factor);
      const RateVector<float> own_rates = factor * rates;
      const RateMatrix<float> own_step =
          Rule::taught ? RateMatrix<float>(factor * step) : RateMatrix<float>();
      tbb::parallel_for(std::size_t{0}, weights_.groups().size(), [&](std::size_t g) {
        GroupedWeights::Group& group = weights_.groups()[g];
        const Eigen::Index size = group.weights.rows();
        const RateMatrix<float> seen =
            group.sources.empty() ? RateMatrix<float>() : GroupedWeights::seen(group, x);
        const RateMatrix<float> none;
        const auto rows = [&](const RateMatrix<float>& all) { return all.middleRows(group.first, size); };
        const Eigen::Ref<const RateMatrix<float>> own =
            Rule::taught ? Eigen::Ref<const RateMatrix<float>>(rows(own_step))
                         : Eigen::Ref<const RateMatrix<float>>(none);
        learn_by<Rule, float>(
            params, {.x = group.sources.empty() ? x : seen, .y = rows(h), .step = own, .rates = own_rates},
            group.weights);
      });
      if constexpr (Rule::taught) {
        for (std::size_t i = 0; i < biases_.size(); ++i)
          biases_[i] += own_step.row(static_cast<Eigen::Index>(i)).sum();
      }
    }
  });
}

void PlasticRateLayer::draw_feedback(double deviation, std::uint64_t seed, std::uint64_t stream) {
  feedback_ = weights_;
  Rng rng(seed, Purpose::feedback_weight, stream);
  std::vector<float> drawn(feedback_->synapses());
  for (float& weight : drawn) weight = static_cast<float>(deviation * rng.normal());
  feedback_->assign(drawn);
}

void PlasticRateLayer::restore(std::span<const float> biases, std::span<const float> feedback) {
  assert(biases.size() == biases_.size() && feedback_.has_value() == !feedback.empty());
  biases_.assign(biases.begin(), biases.end());
  if (feedback_) feedback_->assign(feedback);
}

}  // namespace shallows
