#include "models/rate/rate_network.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <utility>

#include "plasticity/rates/error_feedback.hpp"
#include "sim/core/rng.hpp"

namespace shallows {
namespace {

/// Targets are 0 and 1: no network that learns answers so.
constexpr float kDivergence = 1e4F;

std::vector<float> draw_biases(std::size_t size, double max, std::uint64_t seed, Purpose purpose) {
  Rng rng(seed, purpose, 0);
  std::vector<float> biases;
  for (std::size_t i = 0; i < size; ++i) biases.push_back(static_cast<float>(rng.uniform(0.0, max)));
  return biases;
}

/// [class][input], normal with standard deviation scale / sqrt(inputs).
std::vector<float> draw_weights(double scale, std::size_t inputs, std::size_t classes, std::uint64_t seed,
                                Purpose purpose) {
  Rng rng(seed, purpose, 0);
  const double deviation = scale / std::sqrt(static_cast<double>(inputs));
  std::vector<float> weights;
  for (std::size_t k = 0; k < classes * inputs; ++k)
    weights.push_back(static_cast<float>(deviation * rng.normal()));
  return weights;
}

DeltaReadout draw_readout(const RateParams& params, std::size_t inputs, std::size_t classes,
                          std::uint64_t seed) {
  return {inputs, draw_weights(params.readout_weight_scale, inputs, classes, seed, Purpose::readout_weight),
          draw_biases(classes, params.readout_bias_max, seed, Purpose::readout_bias), params.loss};
}

/// In degrees; nothing if one of them is zero.
std::optional<double> angle_between(std::span<const float> a, std::span<const float> b) {
  double dot = 0.0;
  double aa = 0.0;
  double bb = 0.0;
  for (std::size_t j = 0; j < a.size(); ++j) {
    dot += static_cast<double>(a[j]) * b[j];
    aa += static_cast<double>(a[j]) * a[j];
    bb += static_cast<double>(b[j]) * b[j];
  }
  if (!(aa > 0.0) || !(bb > 0.0)) return {};
  return std::acos(std::clamp(dot / std::sqrt(aa * bb), -1.0, 1.0)) * 180.0 / std::numbers::pi;
}

void check(std::span<const float> rates, LearningReport& report) {
  const bool silent = std::all_of(rates.begin(), rates.end(), [](float rate) { return rate == 0.0F; });
  report.silent = silent ? report.silent + 1 : 0;
  for (const float rate : rates) {
    if (!(std::abs(rate) <= kDivergence) && !report.diverged) report.diverged = rate;
  }
}

}  // namespace

RateNetwork::RateNetwork(const RateParams& params, const ReceptiveFields* bank, std::size_t pixels,
                         std::size_t classes, std::uint64_t seed)
    : pixels_(pixels),
      readout_(draw_readout(params, bank != nullptr ? bank->size() : pixels, classes, seed)) {
  operations_ = readout_.inputs() * classes;
  if (bank == nullptr) return;
  assert(bank->shape().pixels() == pixels);
  const Synapses synapses = to_synapses(*bank);
  fields_.emplace(synapses, std::vector<double>(bank->size(), 1.0));
  hidden_biases_ = draw_biases(bank->size(), params.hidden_bias_max, seed, Purpose::hidden_bias);
  for (float& bias : hidden_biases_) bias -= static_cast<float>(params.hidden_threshold);
  operations_ += synapses.sources.size();
  if (params.inhibition != HiddenInhibition::none) {
    assert(bank->inhibition() && taught_params(params.hidden_rule) == nullptr);
    inhibited_.emplace(*bank->inhibition(), params.inhibition);
    operations_ += inhibited_->synapses();
  }
  if (taught_params(params.hidden_rule) != nullptr) plastic_ = make_plastic(params, *bank, seed);
}

std::optional<RateNetwork::Plastic> RateNetwork::make_plastic(const RateParams& params,
                                                              const ReceptiveFields& bank,
                                                              std::uint64_t seed) const {
  Plastic plastic{
      .synapses = to_synapses(bank),
      .learner = HiddenLearner(bank, *fields_),
      .learning_rate_factor = static_cast<float>(taught_params(params.hidden_rule)->learning_rate_factor),
      .feedback = {}};
  if (const auto* rule = std::get_if<FeedbackAlignmentParams>(&params.hidden_rule)) {
    plastic.feedback.emplace(bank.size(), classes());
    plastic.feedback->assign(
        draw_weights(rule->feedback_scale, bank.size(), classes(), seed, Purpose::feedback_weight));
  }
  return plastic;
}

void RateNetwork::activate(std::span<float> hidden) const {
  for (std::size_t i = 0; i < hidden.size(); ++i) hidden[i] += hidden_biases_[i];
  if (inhibited_) {
    inhibited_->respond(hidden);
  } else {
    for (float& rate : hidden) rate = std::max(0.0F, rate);
  }
}

LearningReport RateNetwork::learn(std::span<const Presentation> presentations,
                                  std::span<std::uint8_t> predicted) {
  assert(predicted.size() == presentations.size());
  LearningReport report;
  const std::size_t row = fields_ ? fields_->padded_targets() : pixels_;
  AlignedVector<float> pixels(kBatch * pixels_), hidden;
  for (std::size_t first = 0; first < presentations.size() && !report.diverged; first += kBatch) {
    const auto shown = presentations.subspan(first, std::min(kBatch, presentations.size() - first));
    pixels.resize(shown.size() * pixels_);
    for (std::size_t k = 0; k < shown.size(); ++k) {
      shown[k].image.centered(std::span(pixels).subspan(k * pixels_, pixels_));
    }
    if (fields_) {
      hidden.resize(shown.size() * row);
      fields_->multiply_many(pixels, hidden);
    }
    if (inhibited_) {
      tbb::parallel_for(std::size_t{0}, shown.size(), [&](std::size_t k) {
        activate(std::span(hidden).subspan(k * row, readout_.inputs()));
      });
    }
    if (plastic_) plastic_->learner.begin(pixels);
    for (std::size_t k = 0; k < shown.size(); ++k) {
      const std::span<float> at_rest = std::span(fields_ ? hidden : pixels).subspan(k * row, row);
      const std::span<float> pre =
          plastic_ ? plastic_->learner.activations(k, at_rest) : at_rest.first(readout_.inputs());
      if (fields_ && !inhibited_) activate(pre);
      const std::vector<float> rates = readout_.judge(pre, shown[k].label, shown[k].learning_rate);
      if (plastic_) teach_hidden(k, pre, report);
      readout_.apply();
      predicted[first + k] = first_maximum(rates);
      check(rates, report);
    }
    if (plastic_) plastic_->learner.end(*fields_);
  }
  return report;
}

void RateNetwork::teach_hidden(std::size_t k, std::span<const float> rates, LearningReport& report) {
  const std::span<float> steps = plastic_->learner.steps(k);
  readout_.send_back(plastic_->feedback ? *plastic_->feedback : readout_.matrix(), steps);
  if (plastic_->feedback && k == 0) {  // one image of a batch is enough to follow the alignment
    std::vector<float> backprop(steps.size());
    readout_.send_back(readout_.matrix(), backprop);
    if (const auto angle = angle_between(steps, backprop)) {
      report.angle_sum_deg += *angle;
      ++report.angles;
    }
  }
  const ErrorFeedback<float> rule{.learning_rate_factor = plastic_->learning_rate_factor};
  for (std::size_t j = 0; j < steps.size(); ++j) {
    steps[j] = rule.step(rates[j], steps[j]);
    hidden_biases_[j] += steps[j];
  }
}

Response RateNetwork::respond(const Image& image) const {
  assert(image.pixels.size() == pixels_);
  AlignedVector<float> pre(pixels_);
  image.centered(pre);
  if (fields_) {
    AlignedVector<float> hidden(fields_->padded_targets());
    fields_->multiply(pre, hidden);
    hidden.resize(readout_.inputs());
    activate(hidden);
    pre = std::move(hidden);
  }
  Response response{.kind = ScoreKind::rate, .scores = readout_.respond(pre)};
  response.predicted = first_maximum(response.scores);
  return response;
}

RateCosts RateNetwork::costs(double active) const {
  constexpr double kReal = sizeof(float);
  const auto inputs = static_cast<double>(readout_.inputs());
  const auto stride = static_cast<double>(readout_.matrix().stride());
  const auto batch = static_cast<double>(kBatch);
  RateCosts costs;
  // Read once to answer, then read and written to learn.
  costs.readout = {.useful_multiply_adds = 2.0 * active * inputs * static_cast<double>(classes()),
                   .computed_multiply_adds = 2.0 * active * inputs * stride,
                   .bytes = 3.0 * active * inputs * stride * kReal + inputs * kReal};
  if (!fields_) return costs;
  const double lateral = inhibited_ ? static_cast<double>(inhibited_->synapses()) : 0.0;
  const auto synapses = static_cast<double>(operations_) - lateral - inputs * static_cast<double>(classes());
  const double packed = static_cast<double>(fields_->bytes());
  const double rows = static_cast<double>(fields_->padded_targets()) * kReal;
  costs.product = {.useful_multiply_adds = synapses,
                   .computed_multiply_adds = packed / kReal,
                   .bytes = packed / batch + rows};
  if (!plastic_) return costs;
  // Errors come back through the active rows; steps go to all packed weights and, before that, to the
  // activations of the images that follow in the batch.
  const double corrections = 0.5 * (batch - 1.0) * rows / kReal;
  costs.learning = {
      .useful_multiply_adds = active * inputs * static_cast<double>(classes()) + active * synapses,
      .computed_multiply_adds = active * inputs * stride + packed / kReal + corrections,
      .bytes = active * inputs * stride * kReal + 2.25 * packed / batch + corrections * kReal};
  return costs;
}

std::vector<float> RateNetwork::filters() const {
  assert(plastic_);
  return fields_->unpack(plastic_->synapses);
}

std::vector<NamedArray> RateNetwork::arrays() const {
  std::vector<NamedArray> arrays = {
      {"weights/readout/final", {classes(), readout_.inputs()}, readout_.weights()},
      {"biases/readout", {classes()}, readout_.biases()},
      {"biases/hidden", {hidden()}, hidden_biases_}};
  if (plastic_ && plastic_->feedback)
    arrays.push_back({"weights/feedback", {classes(), hidden()}, plastic_->feedback->by_class()});
  return arrays;
}

std::vector<NamedArray> RateNetwork::initial_arrays() const {
  std::vector<NamedArray> arrays = {
      {"weights/readout/initial", {classes(), readout_.inputs()}, readout_.weights()},
      {"initial/biases/readout", {classes()}, readout_.biases()}};
  if (plastic_) arrays.push_back({"initial/biases/hidden", {hidden()}, hidden_biases_});
  return arrays;
}

void RateNetwork::restore(std::span<const NamedArray> arrays) {
  const bool has_feedback = plastic_ && plastic_->feedback;
  const auto& weights = array_values<float>(arrays, "weights/readout/final", classes() * readout_.inputs());
  const auto& biases = array_values<float>(arrays, "biases/readout", classes());
  const auto& hidden_biases = array_values<float>(arrays, "biases/hidden", hidden());
  const std::vector<float> feedback =
      has_feedback ? array_values<float>(arrays, "weights/feedback", classes() * hidden())
                   : std::vector<float>{};
  readout_.restore(weights, biases);
  hidden_biases_ = hidden_biases;
  if (has_feedback) plastic_->feedback->assign(feedback);
}

}  // namespace shallows
