#include "models/rate/layers/plastic_stack.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

#include "encoders/layers/upper_layers.hpp"
#include "models/eigen_index.hpp"
#include "models/response.hpp"

namespace shallows {
namespace {

using Matrix = RateMatrix<float>;

GroupedWeights dense(std::span<const float> weights, std::size_t neurons) {
  GroupedWeights dense(neurons, weights.size() / neurons);
  dense.assign(weights);
  return dense;
}

/// Images that one task answers or sends errors back of.
constexpr std::size_t kImagesAtOnce = 16;

template <class Use>
void each_column(Matrix& matrix, Use&& use) {
  const auto columns = static_cast<std::size_t>(matrix.cols());
  tbb::parallel_for(std::size_t{0}, (columns + kImagesAtOnce - 1) / kImagesAtOnce, [&](std::size_t task) {
    for (std::size_t k = task * kImagesAtOnce; k < std::min(columns, (task + 1) * kImagesAtOnce); ++k)
      use(index(k));
  });
}

/// In arrays, which can be compared.
constexpr double kUnknownAngle = -1.0;

double or_nan(const std::optional<double>& value) {
  return value.value_or(std::numeric_limits<double>::quiet_NaN());
}

}  // namespace

PlasticStack::PlasticStack(const RateParams& params, std::span<const StackedLayer> layers,
                           std::span<const float> readout, std::vector<float> readout_biases,
                           std::uint64_t seed)
    : readout_(dense(readout, readout_biases.size()), readout_biases, params.readout_modifiers,
               params.optimiser, params.readout_centring),
      readout_rule_(with_chosen(RateReadoutRules(), params.readout_rule.index(),
                                [&]<class Entry>() -> HiddenRuleChoice {
                                  return Entry::as_rule(
                                      std::get<typename Entry::Params>(params.readout_rule));
                                })),
      loss_(params.loss) {
  for (const StackedLayer& layer : layers) {
    layers_.push_back({.name = layer_name(layer.number),
                       .params = layer.params,
                       .trained = {GroupedWeights(layer.synapses), layer.biases, layer.params.modifiers,
                                   params.optimiser, layer.params.centring}});
  }
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const FeedbackParams* feedback = feedback_params(layers_[l].params.rule);
    if (feedback == nullptr) continue;
    const bool last = l + 1 == layers_.size();
    const bool direct = error_path(layers_[l].params.rule) == ErrorPath::direct;
    const std::uint64_t stream = last ? 0 : layers[l].number;
    layers_[l].feedback.emplace(
        direct ? GroupedWeights(classes(), layers_[l].trained.size()) : above(l).weights(), *feedback, seed,
        stream);
  }
  angles_.resize(layers_.size() + 1);
  forget_answers();
}

std::size_t PlasticStack::inputs() const {
  const TrainedWeights& first = layers_.empty() ? readout_ : layers_.front().trained;
  return static_cast<std::size_t>(first.weights().sources());
}

std::uint64_t PlasticStack::synapses() const {
  std::uint64_t synapses = readout_.synapses();
  for (const Layer& layer : layers_) synapses += layer.trained.synapses();
  return synapses;
}

void PlasticStack::answer(const Matrix& a, Matrix& answers) const {
  answers.resize(a.rows(), a.cols());
  for (Eigen::Index k = 0; k < a.cols(); ++k) {
    const std::vector<float> of_image =
        answers_of({a.col(k).data(), static_cast<std::size_t>(a.rows())}, loss_);
    std::copy(of_image.begin(), of_image.end(), answers.col(k).data());
  }
}

PlasticStack::Pass PlasticStack::forward(const Matrix& x) const {
  Pass pass;
  pass.x.push_back(x);
  for (const Layer& layer : layers_) {
    pass.seen.push_back(layer.trained.is_centred() ? layer.trained.centred(pass.x.back()) : Matrix());
    pass.a.push_back(layer.trained.activations(pass.seen_by(pass.a.size())));
    Matrix h(pass.a.back().rows(), pass.a.back().cols());
    with_chosen(Activations(), layer.params.activation.index(), [&]<class Activation>() {
      each_column(h, [&](Eigen::Index k) {
        for (Eigen::Index i = 0; i < h.rows(); ++i) h(i, k) = Activation::answer(pass.a.back()(i, k));
      });
    });
    pass.x.push_back(std::move(h));
  }
  pass.seen.push_back(readout_.is_centred() ? readout_.centred(pass.x.back()) : Matrix());
  pass.a.push_back(readout_.activations(pass.seen_by(pass.a.size())));
  answer(pass.a.back(), pass.answers);
  return pass;
}

RateMatrix<float> PlasticStack::respond(Matrix x) const { return forward(x).answers; }

std::size_t PlasticStack::lowest_taught() const {
  const auto taught =
      std::ranges::find_if(layers_, [](const Layer& layer) { return is_taught(layer.params.rule); });
  return static_cast<std::size_t>(taught - layers_.begin());
}

/// From the readout's steps to those of the hidden layers, down to the lowest one that needs them.
void PlasticStack::teach(Pass& pass, Errors errors, std::size_t lowest) const {
  for (std::size_t l = layers_.size(); l-- > lowest;) {
    const Layer& layer = layers_[l];
    const bool ruled = errors == Errors::as_ruled && layer.feedback;
    const bool direct = ruled && error_path(layer.params.rule) == ErrorPath::direct;
    const Matrix& from = direct ? pass.steps.back() : pass.steps[l + 1];
    const bool has_shape = !direct || l + 1 == layers_.size();
    pass.steps[l] = ruled ? layer.feedback->errors(from, has_shape ? &above(l).weights() : nullptr)
                          : above(l).weights().transposed_times(from);
    if (errors == Errors::as_ruled && !keeps_slope(layer.params.rule)) continue;
    with_chosen(Activations(), layer.params.activation.index(), [&]<class Activation>() {
      each_column(pass.steps[l], [&](Eigen::Index k) {
        for (Eigen::Index i = 0; i < pass.steps[l].rows(); ++i)
          pass.steps[l](i, k) *= Activation::slope(pass.x[l + 1](i, k));
      });
    });
  }
}

/// The feedback that changes as the weights of this layer (or of the readout, after the last one) do: direct
/// feedback has the readout's shape only.
std::optional<Follower> PlasticStack::follower_of(std::size_t l) {
  if (l == 0 || !layers_[l - 1].feedback) return std::nullopt;
  const bool direct = error_path(layers_[l - 1].params.rule) == ErrorPath::direct;
  if (direct && l < layers_.size()) return std::nullopt;
  return layers_[l - 1].feedback->follower();
}

void PlasticStack::learn_feedback(const Pass& pass, const RateVector<float>& shares, double learning_rate) {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    if (!layers_[l].feedback) continue;
    LayerFeedback& feedback = *layers_[l].feedback;
    const bool last = l + 1 == layers_.size();
    const bool direct = error_path(layers_[l].params.rule) == ErrorPath::direct;
    feedback.learn(pass.x[l + 1], direct || last ? pass.answers : pass.x[l + 2], shares);
    if (direct && !last) feedback.learn_from_errors(pass.x[l + 1], pass.steps.back(), learning_rate);
    if (!direct || last) feedback.learn_from_noise(above(l).weights(), shares.size(), updates_);
  }
}

void PlasticStack::learn(std::span<const Presentation> shown, const Matrix& x,
                         std::span<std::uint8_t> predicted, Measure measure, LearningReport& report) {
  assert(shown.size() == static_cast<std::size_t>(x.cols()));
  Pass pass = forward(x);
  ++updates_;
  double learning_rate = 0.0;
  for (const Presentation& image : shown)
    learning_rate += image.learning_rate / static_cast<double>(shown.size());
  RateVector<float> shares(x.cols());
  pass.steps.resize(layers_.size() + 1);
  Matrix& step = pass.steps.back();
  step.resize(pass.answers.rows(), pass.answers.cols());
  for (Eigen::Index k = 0; k < x.cols(); ++k) {
    const Presentation& image = shown[static_cast<std::size_t>(k)];
    const double of_mean = learning_rate > 0.0 ? image.learning_rate / learning_rate : 0.0;
    shares[k] = static_cast<float>(of_mean / static_cast<double>(shown.size()));
    const std::vector<float> answers(pass.answers.col(k).data(), pass.answers.col(k).data() + classes());
    predicted[static_cast<std::size_t>(k)] = first_maximum(answers);
    with_chosen(ReadoutLosses(), loss_.index(), [&]<class Loss>() {
      check_answers(answers, Loss::loss(answers, image.label), report);
      for (Eigen::Index i = 0; i < step.rows(); ++i)
        step(i, k) = Loss::step(shares[k], pass.a.back()(i, k), answers[static_cast<std::size_t>(i)],
                                i == image.label ? 1.0F : 0.0F);
    });
  }
  std::optional<Pass> backprop;
  const std::size_t lowest = lowest_taught();
  if (measure == Measure::first_update) {
    backprop = pass;
    teach(*backprop, Errors::by_backprop, 0);
  }
  teach(pass, Errors::as_ruled, lowest);
  learn_feedback(pass, shares, learning_rate);
  for (std::size_t l = 0; l <= layers_.size(); ++l) {
    const bool is_readout = l == layers_.size();
    TrainedWeights& trained = is_readout ? readout_ : layers_[l].trained;
    const Lesson lesson = {.x = pass.seen_by(l),
                           .a = pass.a[l],
                           .y = is_readout ? pass.answers : pass.x[l + 1],
                           .step = pass.steps[l],
                           .shares = shares,
                           .learning_rate = learning_rate,
                           .backprop_step = backprop ? &backprop->steps[l] : nullptr};
    const auto angle =
        trained.learn(is_readout ? readout_rule_ : layers_[l].params.rule, lesson, follower_of(l));
    if (backprop) angles_[l] = angle;
    if (trained.is_centred()) trained.follow_mean(pass.x[l]);
    if (is_readout) break;
    for (Eigen::Index k = 0; k < x.cols(); ++k) {
      for (std::size_t i = 0; i < layers_[l].answered.size(); ++i)
        layers_[l].answered[i] |= lesson.y(index(i), k) != 0.0F ? 1U : 0U;
    }
  }
}

void PlasticStack::forget_answers() {
  for (Layer& layer : layers_) layer.answered.assign(layer.trained.size(), 0);
}

std::vector<LayerFigures> PlasticStack::figures() const {
  std::vector<LayerFigures> figures;
  for (std::size_t l = 0; l <= layers_.size(); ++l) {
    const bool is_readout = l == layers_.size();
    const TrainedWeights& trained = is_readout ? readout_ : layers_[l].trained;
    LayerFigures of_layer = {.layer = is_readout ? "readout" : layers_[l].name,
                             .update_angle_deg = or_nan(angles_[l]),
                             .feedback_angle_deg = or_nan({}),
                             .largest_weight = double{trained.largest_weight()},
                             .dead_units = or_nan({})};
    if (!is_readout) {
      of_layer.dead_units = static_cast<double>(std::ranges::count(layers_[l].answered, 0U));
      const bool direct = error_path(layers_[l].params.rule) == ErrorPath::direct;
      if (layers_[l].feedback && (!direct || l + 1 == layers_.size()))
        of_layer.feedback_angle_deg = or_nan(layers_[l].feedback->angle(above(l).weights()));
    }
    figures.push_back(std::move(of_layer));
  }
  return figures;
}

std::vector<NamedArray> PlasticStack::arrays() const {
  std::vector<NamedArray> arrays = {
      {"weights/readout/final", {classes(), hidden()}, readout_.weights().values()}};
  const auto add = [&](std::vector<NamedArray> more) {
    for (NamedArray& array : more) arrays.push_back(std::move(array));
  };
  add(readout_.arrays("readout"));
  std::vector<double> angles;
  for (const auto& angle : angles_) angles.push_back(angle.value_or(kUnknownAngle));
  add({{"optimiser/updates", {1}, std::vector<std::uint32_t>{updates_}},
       {"optimiser/update_angles_deg", {angles.size()}, std::move(angles)}});
  for (const Layer& layer : layers_) {
    add(layer.trained.arrays(layer.name));
    add({{"optimiser/" + layer.name + "/answered", {layer.answered.size()}, layer.answered}});
    if (!layer.feedback) continue;
    std::vector<float> feedback = layer.feedback->values();
    const std::size_t size = feedback.size();
    add({{"feedback/" + layer.name, {size}, std::move(feedback)}});
  }
  return arrays;
}

std::vector<NamedArray> PlasticStack::initial_arrays() const {
  std::vector<NamedArray> arrays = {
      {"weights/readout/initial", {classes(), hidden()}, readout_.weights().values()},
      {"initial/biases/readout", {classes()}, readout_.biases()}};
  for (const Layer& layer : layers_) {
    if (is_taught(layer.params.rule))
      arrays.push_back({"initial/biases/" + layer.name, {layer.trained.size()}, layer.trained.biases()});
    const FeedbackParams* feedback = feedback_params(layer.params.rule);
    if (feedback == nullptr || feedback->feedback_rule.index() == 0) continue;
    std::vector<float> values = layer.feedback->values();
    const std::size_t size = values.size();
    arrays.push_back({"initial/feedback/" + layer.name, {size}, std::move(values)});
  }
  return arrays;
}

void PlasticStack::restore(std::span<const NamedArray> arrays) {
  readout_.assign(array_values<float>(arrays, "weights/readout/final", readout_.synapses()));
  readout_.restore("readout", arrays);
  updates_ = array_values<std::uint32_t>(arrays, "optimiser/updates", 1)[0];
  const auto& angles = array_values<double>(arrays, "optimiser/update_angles_deg", angles_.size());
  for (std::size_t l = 0; l < angles_.size(); ++l)
    angles_[l] = angles[l] == kUnknownAngle ? std::nullopt : std::optional(angles[l]);
  for (Layer& layer : layers_) {
    layer.trained.restore(layer.name, arrays);
    layer.answered =
        array_values<std::uint32_t>(arrays, "optimiser/" + layer.name + "/answered", layer.trained.size());
    if (layer.feedback)
      layer.feedback->assign(
          array_values<float>(arrays, "feedback/" + layer.name, layer.feedback->values().size()));
  }
}

}  // namespace shallows
