#include "models/rate/layers/layer_feedback.hpp"

#include <tbb/parallel_for.h>

#include <cmath>

#include "models/eigen_index.hpp"
#include "models/rate/layers/angle.hpp"

namespace shallows {
namespace {

using Matrix = RateMatrix<float>;

bool takes_signs(const FeedbackParams& params) {
  return with_chosen(FeedbackMatrices(), params.feedback.index(),
                     []<class Kind>() { return Kind::signs_of_forward; });
}

}  // namespace

LayerFeedback::LayerFeedback(const GroupedWeights& above, const FeedbackParams& params, std::uint64_t seed,
                             std::uint64_t stream)
    : params_(params), weights_(above), seed_(seed), stream_(stream) {
  Rng rng(seed, Purpose::feedback_weight, stream);
  const double deviation = params.feedback_scale / std::sqrt(static_cast<double>(weights_.sources()));
  std::vector<float> drawn(weights_.synapses());
  with_chosen(FeedbackMatrices(), params.feedback.index(), [&]<class Kind>() {
    for (float& weight : drawn) weight = static_cast<float>(deviation * Kind::draw(rng));
  });
  weights_.assign(drawn);
}

GroupedWeights LayerFeedback::with_signs_of(const GroupedWeights& forward) const {
  GroupedWeights signed_weights = weights_;
  tbb::parallel_for(std::size_t{0}, weights_.groups().size(), [&](std::size_t g) {
    auto& weights = signed_weights.groups()[g].weights;
    const auto& w = forward.groups()[g].weights;
    weights = weights.array().abs() * w.array().sign();
  });
  return signed_weights;
}

RateMatrix<float> LayerFeedback::errors(const Matrix& step, const GroupedWeights* forward) const {
  if (forward != nullptr && takes_signs(params_)) return with_signs_of(*forward).transposed_times(step);
  return weights_.transposed_times(step);
}

std::optional<double> LayerFeedback::angle(const GroupedWeights& forward) const {
  const GroupedWeights used = takes_signs(params_) ? with_signs_of(forward) : weights_;
  Angle angle;
  for (std::size_t g = 0; g < used.groups().size(); ++g)
    angle.add(used.groups()[g].values(), forward.groups()[g].values());
  return angle.degrees();
}

std::optional<Follower> LayerFeedback::follower() {
  const auto* kolen_pollack = std::get_if<KolenPollack::Params>(&params_.feedback_rule);
  if (kolen_pollack == nullptr) return std::nullopt;
  return Follower{weights_, kolen_pollack->decay};
}

template <class Rule>
void LayerFeedback::learn_by(const Matrix& below, const Matrix& above, const RateVector<float>& shares,
                             const FeedbackRate& rate) {
  const auto kept = static_cast<float>(1.0 - rate.rate * rate.decay);
  const auto step = static_cast<float>(rate.rate);
  const Matrix none;
  tbb::parallel_for(std::size_t{0}, weights_.groups().size(), [&](std::size_t g) {
    GroupedWeights::Group& group = weights_.groups()[g];
    Matrix gathered;
    const Matrix& seen = GroupedWeights::seen(group, below, gathered);
    const auto rows = above.middleRows(group.first, group.weights.rows());
    const RateBatch<float> batch{.x = seen, .a = rows, .y = rows, .step = none, .rates = shares};
    const Matrix increment = Rule::increment({}, batch, group.weights);
    group.weights = kept * group.weights + step * increment;
  });
}

void LayerFeedback::learn(const Matrix& below, const Matrix& above, const RateVector<float>& shares) {
  with_chosen(FeedbackRules(), params_.feedback_rule.index(), [&]<class Way>() {
    if constexpr (
        requires { typename Way::Rule; } && !requires { Way::from_noise; })
      learn_by<typename Way::Rule>(below, above, shares,
                                   std::get<typename Way::Params>(params_.feedback_rule));
  });
}

void LayerFeedback::learn_from_noise(const GroupedWeights& forward, Eigen::Index images,
                                     std::uint64_t update) {
  const auto* mirror = std::get_if<WeightMirror::Params>(&params_.feedback_rule);
  if (mirror == nullptr) return;
  Rng rng(seed_, Purpose::feedback_noise, update << 8U | stream_);
  Matrix noise(weights_.sources(), images);
  for (Eigen::Index i = 0; i < noise.size(); ++i)
    noise.data()[i] = static_cast<float>(rng.uniform(-0.5 * mirror->noise, 0.5 * mirror->noise));
  const RateVector<float> shares = RateVector<float>::Constant(images, 1.0F / static_cast<float>(images));
  learn_by<WeightMirror::Rule>(noise, forward.times(noise), shares, *mirror);
}

void LayerFeedback::learn_from_errors(const Matrix& below, const Matrix& step, double learning_rate) {
  const auto follows = follower();
  if (!follows) return;
  const auto images = below.cols();
  learn_by<Hebb>(below, step, RateVector<float>::Ones(images),
                 {.rate = learning_rate, .decay = follows->decay});
}

}  // namespace shallows
