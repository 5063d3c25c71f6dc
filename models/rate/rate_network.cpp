#include "models/rate/rate_network.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include "models/eigen_index.hpp"
#include "models/rate/layers/angle.hpp"
#include "models/rate/layers/plastic_stack.hpp"
#include "sim/core/rng.hpp"

namespace shallows {
namespace {

/// Targets are 0 and 1: no network that learns answers so.
constexpr float kDivergence = 1e4F;
/// Images that are answered together where products of matrices do it.
constexpr std::size_t kAnsweredAtOnce = 64;

std::vector<float> draw_biases(std::size_t size, double max, std::uint64_t seed, Purpose purpose,
                               std::uint64_t stream) {
  Rng rng(seed, purpose, stream);
  std::vector<float> biases;
  for (std::size_t i = 0; i < size; ++i) biases.push_back(static_cast<float>(rng.uniform(0.0, max)));
  return biases;
}

/// [class][input], normal with standard deviation scale / sqrt(inputs).
std::vector<float> draw_weights(double scale, std::size_t inputs, std::size_t classes, std::uint64_t seed,
                                Purpose purpose,
                                WeightDistribution distribution = WeightDistribution::normal) {
  Rng rng(seed, purpose, 0);
  const double deviation = scale / std::sqrt(static_cast<double>(inputs));
  std::vector<float> weights;
  for (std::size_t k = 0; k < classes * inputs; ++k)
    weights.push_back(static_cast<float>(deviation * draw_weight(distribution, rng)));
  return weights;
}

std::vector<float> draw_layer_biases(const RateLayerParams& layer, std::size_t size, std::size_t number,
                                     std::uint64_t seed) {
  const std::uint64_t stream = number == 1 ? 0 : number;
  std::vector<float> biases = draw_biases(size, layer.bias_max, seed, Purpose::hidden_bias, stream);
  for (float& bias : biases) bias -= static_cast<float>(layer.threshold);
  return biases;
}

std::size_t inputs_of_readout(const ReceptiveFields* bank, std::span<const Projection> upper,
                              std::size_t pixels) {
  if (!upper.empty()) return upper.back().synapses.targets();
  return bank != nullptr ? bank->size() : pixels;
}

/// Whether the bank, as the only hidden layer, can learn by the overlaps of images (hidden_learner.hpp).
bool learns_in_place(const RateParams& params) {
  const HiddenRuleChoice& rule = params.hidden.rule;
  const FeedbackParams* feedback = feedback_params(rule);
  const bool plain = std::holds_alternative<Backprop::Params>(rule) ||
                     (std::holds_alternative<FeedbackAlignment::Params>(rule) &&
                      std::holds_alternative<RandomFeedback::Params>(feedback->feedback) &&
                      std::holds_alternative<FixedFeedback::Params>(feedback->feedback_rule));
  return plain && !params.hidden.modifiers.any() &&
         std::holds_alternative<Rectified::Params>(params.hidden.activation);
}

/// Whether the readout can learn image by image on its own (delta_readout.hpp).
bool has_plain_readout(const RateParams& params) {
  return params.batch == 1 && params.readout_centring == 0.0 && !params.readout_modifiers.any() &&
         std::holds_alternative<Sgd::Params>(params.optimiser) &&
         std::holds_alternative<DeltaReadoutRule::Params>(params.readout_rule);
}

}  // namespace

void check_answers(const std::vector<float>& rates, double loss, LearningReport& report) {
  if (loss < kDivergence) report.loss_units += std::llround(loss * kLossUnit);
  const bool silent = std::all_of(rates.begin(), rates.end(), [](float rate) { return rate == 0.0F; });
  report.silent = silent ? report.silent + 1 : 0;
  for (const float rate : rates) {
    if (!(std::abs(rate) <= kDivergence) && !report.diverged) report.diverged = rate;
  }
}

RateNetwork::RateNetwork(const RateParams& params, const ReceptiveFields* bank,
                         std::span<const Projection> upper, std::size_t pixels, std::size_t classes,
                         std::uint64_t seed)
    : pixels_(pixels), classes_(classes), batch_(params.batch) {
  assert(bank != nullptr || upper.empty());
  assert(bank == nullptr || bank->shape().pixels() == pixels);
  const std::size_t inputs = inputs_of_readout(bank, upper, pixels);
  const std::vector<float> readout = draw_weights(params.readout_weight_scale, inputs, classes, seed,
                                                  Purpose::readout_weight, params.readout_distribution);
  std::vector<float> biases = draw_biases(classes, params.readout_bias_max, seed, Purpose::readout_bias, 0);
  const bool plain = has_plain_readout(params);
  if (bank != nullptr && upper.empty() && plain && learns_in_place(params)) {
    const Synapses synapses = to_synapses(*bank);
    PackedSynapses<float> fields(synapses, std::vector<double>(bank->size(), 1.0));
    HiddenLearner learner(*bank, fields);
    const auto factor = static_cast<float>(learning_params(params.hidden.rule)->learning_rate_factor);
    in_place_.emplace(InPlace{.synapses = synapses,
                              .fields = std::move(fields),
                              .learner = std::move(learner),
                              .biases = draw_layer_biases(params.hidden, bank->size(), 1, seed),
                              .learning_rate_factor = factor});
    if (const FeedbackParams* feedback = feedback_params(params.hidden.rule)) {
      feedback_.emplace(inputs, classes);
      // The deviation is that of draw_weights(): scale / root of the inputs of the readout.
      feedback_->assign(
          draw_weights(feedback->feedback_scale, inputs, classes, seed, Purpose::feedback_weight));
    }
    readout_.emplace(inputs, readout, biases, params.loss);
    return;
  }
  std::vector<StackedLayer> stacked;
  for (std::size_t l = 0; bank != nullptr && l <= upper.size(); ++l) {
    const RateLayerParams& layer = l == 0 ? params.hidden : params.upper[l - 1];
    Synapses synapses = l == 0 ? to_synapses(*bank) : upper[l - 1].synapses;
    std::vector<float> layer_biases = draw_layer_biases(layer, synapses.targets(), l + 1, seed);
    StackedLayer next{l + 1, layer, std::move(synapses), std::move(layer_biases)};
    if (learning_params(layer.rule) != nullptr || !stacked.empty())
      stacked.push_back(std::move(next));
    else
      add_fixed_layer(params, next, l == 0 ? bank : nullptr);
  }
  if (stacked.empty() && plain)
    readout_.emplace(inputs, readout, biases, params.loss);
  else
    stack_.emplace_back(params, stacked, readout, std::move(biases), seed);
}

void RateNetwork::add_fixed_layer(const RateParams& params, const StackedLayer& layer,
                                  const ReceptiveFields* bank) {
  std::vector<Synapses> places;
  std::optional<InhibitedPopulations> inhibited;
  if (bank == nullptr) {
    places.push_back(layer.synapses);
  } else {
    for (const ReceptiveFields& place : at_all_shifts(*bank, params.cells.pool))
      places.push_back(to_synapses(place));
    assert(params.inhibition == HiddenInhibition::none || bank->inhibition());
    if (params.inhibition != HiddenInhibition::none)
      inhibited.emplace(*bank->inhibition(), params.inhibition);
  }
  fixed_.emplace_back(places, params.cells.pooling, layer.biases, layer.params.activation,
                      std::move(inhibited));
}

RateNetwork::RateNetwork(const RateNetwork&) = default;
RateNetwork& RateNetwork::operator=(const RateNetwork&) = default;
RateNetwork::RateNetwork(RateNetwork&&) noexcept = default;
RateNetwork& RateNetwork::operator=(RateNetwork&&) noexcept = default;
RateNetwork::~RateNetwork() = default;

std::size_t RateNetwork::hidden() const {
  if (layers() == 0) return 0;
  return readout_ ? readout_->inputs() : stack_.front().hidden();
}

std::size_t RateNetwork::layers() const {
  return fixed_.size() + (in_place_ ? 1 : 0) + (stack_.empty() ? 0 : stack_.front().layers());
}

bool RateNetwork::bank_learns() const {
  return in_place_ || (fixed_.empty() && layers() > 0 && stack_.front().learns(0));
}

std::size_t RateNetwork::granularity() const { return in_place_ ? kBatch : batch_; }

std::size_t RateNetwork::row() const {
  if (!fixed_.empty()) return fixed_.back().row();
  return in_place_ ? in_place_->fields.padded_targets() : pixels_;
}

void RateNetwork::respond_fixed(AlignedVector<float>& pixels, AlignedVector<float>& rates) const {
  const AlignedVector<float>* in = &pixels;
  AlignedVector<float> below;
  for (std::size_t l = 0; l < fixed_.size(); ++l) {
    fixed_[l].respond(*in, rates);
    if (l + 1 == fixed_.size()) return;
    close_ranks(rates, fixed_[l].row(), fixed_[l].size());
    below.swap(rates);
    in = &below;
  }
  rates.assign(pixels.begin(), pixels.end());
}

LearningReport RateNetwork::learn(std::span<const Presentation> presentations,
                                  std::span<std::uint8_t> predicted, Measure measure) {
  assert(predicted.size() == presentations.size());
  LearningReport report;
  AlignedVector<float> pixels, rates;
  const std::size_t together = batch_ * std::max<std::size_t>(1, kBatch / batch_);
  for (std::size_t first = 0; first < presentations.size() && !report.diverged; first += together) {
    const auto shown = presentations.subspan(first, std::min(together, presentations.size() - first));
    const auto answers = predicted.subspan(first, shown.size());
    pixels.resize(shown.size() * pixels_);
    for (std::size_t k = 0; k < shown.size(); ++k)
      shown[k].image.centered(std::span(pixels).subspan(k * pixels_, pixels_));
    if (in_place_) {
      learn_in_place(shown, pixels, answers, report);
      continue;
    }
    respond_fixed(pixels, rates);
    if (stack_.empty()) {
      learn_readout(shown, rates, answers, report);
      continue;
    }
    for (std::size_t begin = 0; begin < shown.size() && !report.diverged; begin += batch_) {
      const std::size_t count = std::min(batch_, shown.size() - begin);
      learn_batch(shown.subspan(begin, count), std::span(rates).subspan(begin * row(), count * row()),
                  answers.subspan(begin, count), first + begin == 0 ? measure : Measure::nothing, report);
    }
  }
  return report;
}

std::vector<float> RateNetwork::judge(std::span<const float> pre, const Presentation& shown,
                                      LearningReport& report) {
  std::vector<float> rates = readout_->judge(pre, shown.label, shown.learning_rate);
  check_answers(rates, readout_->loss_of(rates, shown.label), report);
  return rates;
}

void RateNetwork::learn_readout(std::span<const Presentation> shown, std::span<const float> rates,
                                std::span<std::uint8_t> predicted, LearningReport& report) {
  for (std::size_t k = 0; k < shown.size(); ++k) {
    predicted[k] = first_maximum(judge(rates.subspan(k * row(), readout_->inputs()), shown[k], report));
    readout_->apply();
  }
}

void RateNetwork::learn_in_place(std::span<const Presentation> shown, std::span<const float> pixels,
                                 std::span<std::uint8_t> predicted, LearningReport& report) {
  AlignedVector<float> at_rest(shown.size() * row());
  in_place_->fields.multiply_many(pixels, at_rest);
  in_place_->learner.begin(pixels);
  for (std::size_t k = 0; k < shown.size(); ++k) {
    const std::span<float> rates =
        in_place_->learner.activations(k, std::span(at_rest).subspan(k * row(), row()));
    for (std::size_t j = 0; j < rates.size(); ++j) rates[j] = std::max(0.0F, rates[j] + in_place_->biases[j]);
    predicted[k] = first_maximum(judge(rates, shown[k], report));
    teach_in_place(k, rates, report);
    readout_->apply();
  }
  in_place_->learner.end(in_place_->fields);
}

void RateNetwork::teach_in_place(std::size_t k, std::span<const float> rates, LearningReport& report) {
  const std::span<float> steps = in_place_->learner.steps(k);
  readout_->send_back(feedback_ ? *feedback_ : readout_->matrix(), steps);
  // One image of a batch is enough to follow the alignment.
  if (feedback_ && k == 0) {
    std::vector<float> backprop(steps.size());
    readout_->send_back(readout_->matrix(), backprop);
    Angle angle;
    angle.add(steps, backprop);
    if (const auto degrees = angle.degrees()) {
      report.angle_sum_deg += *degrees;
      ++report.angles;
    }
  }
  for (std::size_t j = 0; j < steps.size(); ++j) {
    steps[j] = rates[j] > 0.0F ? in_place_->learning_rate_factor * steps[j] : 0.0F;
    in_place_->biases[j] += steps[j];
  }
}

void RateNetwork::learn_batch(std::span<const Presentation> shown, std::span<const float> rates,
                              std::span<std::uint8_t> predicted, Measure measure, LearningReport& report) {
  const std::size_t inputs = stack_.front().inputs();
  RateMatrix<float> x(index(inputs), index(shown.size()));
  for (std::size_t k = 0; k < shown.size(); ++k)
    std::copy_n(rates.data() + k * row(), inputs, x.col(index(k)).data());
  stack_.front().learn(shown, x, predicted, measure, report);
}

std::vector<LayerFigures> RateNetwork::layer_figures() {
  if (stack_.empty()) return {};
  std::vector<LayerFigures> figures = stack_.front().figures();
  stack_.front().forget_answers();
  return figures;
}

void RateNetwork::respond(std::span<const Image> images, std::span<Response> responses) const {
  if (stack_.empty()) {
    tbb::parallel_for(std::size_t{0}, images.size(),
                      [&](std::size_t k) { responses[k] = respond(images[k]); });
    return;
  }
  AlignedVector<float> pixels, rates;
  const std::size_t inputs = stack_.front().inputs();
  for (std::size_t first = 0; first < images.size(); first += kAnsweredAtOnce) {
    const std::size_t count = std::min(kAnsweredAtOnce, images.size() - first);
    pixels.resize(count * pixels_);
    for (std::size_t k = 0; k < count; ++k)
      images[first + k].centered(std::span(pixels).subspan(k * pixels_, pixels_));
    respond_fixed(pixels, rates);
    RateMatrix<float> x(index(inputs), index(count));
    for (std::size_t k = 0; k < count; ++k)
      std::copy_n(rates.data() + k * row(), inputs, x.col(index(k)).data());
    const RateMatrix<float> answers = stack_.front().respond(std::move(x));
    for (std::size_t k = 0; k < count; ++k) {
      const float* scores = answers.col(index(k)).data();
      responses[first + k] = {.kind = ScoreKind::rate, .scores = {scores, scores + classes()}};
      responses[first + k].predicted = first_maximum(responses[first + k].scores);
    }
  }
}

Response RateNetwork::respond(const Image& image) const {
  assert(image.pixels.size() == pixels_);
  if (!stack_.empty()) {
    Response response;
    respond({&image, 1}, {&response, 1});
    return response;
  }
  AlignedVector<float> pre(pixels_);
  image.centered(pre);
  if (in_place_) {
    AlignedVector<float> rates(row());
    in_place_->fields.multiply(pre, rates);
    rates.resize(hidden());
    for (std::size_t j = 0; j < rates.size(); ++j) rates[j] = std::max(0.0F, rates[j] + in_place_->biases[j]);
    pre = std::move(rates);
  } else if (!fixed_.empty()) {
    AlignedVector<float> rates;
    respond_fixed(pre, rates);
    rates.resize(fixed_.back().size());
    pre = std::move(rates);
  }
  Response response{.kind = ScoreKind::rate, .scores = readout_->respond(pre)};
  response.predicted = first_maximum(response.scores);
  return response;
}

std::uint64_t RateNetwork::synaptic_operations() const {
  std::uint64_t operations = stack_.empty() ? readout_->inputs() * classes() : stack_.front().synapses();
  for (const FixedRateLayer& layer : fixed_) operations += layer.synaptic_operations();
  return operations + (in_place_ ? in_place_->synapses.sources.size() : 0);
}

std::optional<std::vector<float>> RateNetwork::learned_weights(std::size_t layer) const {
  if (in_place_) return in_place_->fields.unpack(in_place_->synapses);
  if (layer <= fixed_.size() || !stack_.front().learns(layer - 1 - fixed_.size())) return std::nullopt;
  return stack_.front().weights(layer - 1 - fixed_.size());
}

}  // namespace shallows
