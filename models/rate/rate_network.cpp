#include "models/rate/rate_network.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <utility>

#include "models/rate/layers/plastic_layer.hpp"
#include "sim/core/rng.hpp"

namespace shallows {
namespace {

/// Targets are 0 and 1: no network that learns answers so.
constexpr float kDivergence = 1e4F;

std::vector<float> draw_biases(std::size_t size, double max, std::uint64_t seed, Purpose purpose,
                               std::uint64_t stream) {
  Rng rng(seed, purpose, stream);
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

bool is_feedback_alignment(const HiddenRuleChoice& rule) {
  return std::holds_alternative<FeedbackAlignmentParams>(rule);
}

double feedback_deviation(const HiddenRuleChoice& rule, std::size_t neurons) {
  return std::get<FeedbackAlignmentParams>(rule).feedback_scale / std::sqrt(static_cast<double>(neurons));
}

DeltaReadout draw_readout(const RateParams& params, std::size_t inputs, std::size_t classes,
                          std::uint64_t seed) {
  return {inputs, draw_weights(params.readout_weight_scale, inputs, classes, seed, Purpose::readout_weight),
          draw_biases(classes, params.readout_bias_max, seed, Purpose::readout_bias, 0), params.loss};
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

RateNetwork::RateNetwork(const RateParams& params, const ReceptiveFields* bank,
                         std::span<const Projection> upper, std::size_t pixels, std::size_t classes,
                         std::uint64_t seed)
    : pixels_(pixels),
      batch_(params.batch),
      readout_(draw_readout(params, inputs_of_readout(bank, upper, pixels), classes, seed)) {
  assert(bank != nullptr || upper.empty());
  if (bank == nullptr) return;
  assert(bank->shape().pixels() == pixels);
  const bool alone = upper.empty() && batch_ == 1;
  const bool rectified = std::holds_alternative<Rectified::Params>(params.hidden.activation);
  if (alone && rectified && is_taught(params.hidden.rule)) {
    const Synapses synapses = to_synapses(*bank);
    PackedSynapses<float> fields(synapses, std::vector<double>(bank->size(), 1.0));
    HiddenLearner learner(*bank, fields);
    const auto factor = static_cast<float>(learning_params(params.hidden.rule)->learning_rate_factor);
    in_place_.emplace(InPlace{.synapses = synapses,
                              .fields = std::move(fields),
                              .learner = std::move(learner),
                              .biases = draw_layer_biases(params.hidden, bank->size(), 1, seed),
                              .learning_rate_factor = factor});
  } else {
    add_layer(params, params.hidden, 1, to_synapses(*bank), bank, seed);
    for (std::size_t l = 0; l < upper.size(); ++l)
      add_layer(params, params.upper[l], l + 2, upper[l].synapses, nullptr, seed);
  }
  add_feedback(params, seed);
}

void RateNetwork::add_layer(const RateParams& params, const RateLayerParams& layer, std::size_t number,
                            const Synapses& synapses, const ReceptiveFields* bank, std::uint64_t seed) {
  std::vector<float> biases = draw_layer_biases(layer, synapses.targets(), number, seed);
  if (learning_params(layer.rule) != nullptr || !plastic_.empty()) {
    plastic_.emplace_back(synapses, layer, std::move(biases));
    return;
  }
  std::vector<Synapses> places;
  std::optional<InhibitedPopulations> inhibited;
  if (bank == nullptr) {
    places.push_back(synapses);
  } else {
    for (const ReceptiveFields& place : at_all_shifts(*bank, params.cells.pool))
      places.push_back(to_synapses(place));
    assert(params.inhibition == HiddenInhibition::none || bank->inhibition());
    if (params.inhibition != HiddenInhibition::none)
      inhibited.emplace(*bank->inhibition(), params.inhibition);
  }
  fixed_.emplace_back(places, params.cells.pooling, std::move(biases), layer.activation,
                      std::move(inhibited));
}

void RateNetwork::add_feedback(const RateParams& params, std::uint64_t seed) {
  const auto rule_of = [&](std::size_t number) -> const HiddenRuleChoice& {
    return number == 1 ? params.hidden.rule : params.upper[number - 2].rule;
  };
  if (layers() > 0 && is_feedback_alignment(rule_of(layers()))) {
    feedback_.emplace(hidden(), classes());
    // The deviation is that of draw_weights(): scale / root of the inputs of the readout.
    feedback_->assign(draw_weights(std::get<FeedbackAlignmentParams>(rule_of(layers())).feedback_scale,
                                   hidden(), classes(), seed, Purpose::feedback_weight));
  }
  for (std::size_t l = 0; l + 1 < plastic_.size(); ++l) {
    const HiddenRuleChoice& rule = plastic_[l].params().rule;
    if (is_feedback_alignment(rule))
      plastic_[l + 1].draw_feedback(feedback_deviation(rule, plastic_[l].size()), seed,
                                    fixed_.size() + l + 1);
  }
}

RateNetwork::RateNetwork(const RateNetwork&) = default;
RateNetwork& RateNetwork::operator=(const RateNetwork&) = default;
RateNetwork::RateNetwork(RateNetwork&&) noexcept = default;
RateNetwork& RateNetwork::operator=(RateNetwork&&) noexcept = default;
RateNetwork::~RateNetwork() = default;

std::size_t RateNetwork::hidden() const { return layers() > 0 ? readout_.inputs() : 0; }

std::size_t RateNetwork::layers() const { return fixed_.size() + (in_place_ ? 1 : 0) + plastic_.size(); }

bool RateNetwork::bank_learns() const {
  return in_place_ || (fixed_.empty() && !plastic_.empty() && plastic_.front().learns());
}

std::size_t RateNetwork::granularity() const {
  if (!in_place_ && plastic_.empty() && batch_ == 1) return 1;
  return batch_ * std::max<std::size_t>(1, kBatch / batch_);
}

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
                                  std::span<std::uint8_t> predicted) {
  assert(predicted.size() == presentations.size());
  LearningReport report;
  AlignedVector<float> pixels, rates;
  const std::size_t together = granularity() == 1 ? kBatch : granularity();
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
    if (plastic_.empty() && batch_ == 1) {
      learn_readout(shown, rates, answers, report);
      continue;
    }
    for (std::size_t begin = 0; begin < shown.size() && !report.diverged; begin += batch_) {
      const std::size_t count = std::min(batch_, shown.size() - begin);
      learn_batch(shown.subspan(begin, count), std::span(rates).subspan(begin * row(), count * row()),
                  answers.subspan(begin, count), begin == 0, report);
    }
  }
  return report;
}

std::vector<float> RateNetwork::judge(std::span<const float> pre, const Presentation& shown, std::size_t k,
                                      std::size_t count, LearningReport& report) {
  std::vector<float> rates =
      readout_.judge(pre, shown.label, shown.learning_rate / static_cast<double>(count), k);
  check(rates, report);
  return rates;
}

void RateNetwork::learn_readout(std::span<const Presentation> shown, std::span<const float> rates,
                                std::span<std::uint8_t> predicted, LearningReport& report) {
  for (std::size_t k = 0; k < shown.size(); ++k) {
    predicted[k] = first_maximum(judge(rates.subspan(k * row(), readout_.inputs()), shown[k], 0, 1, report));
    readout_.apply();
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
    predicted[k] = first_maximum(judge(rates, shown[k], 0, 1, report));
    teach_in_place(k, rates, report);
    readout_.apply();
  }
  in_place_->learner.end(in_place_->fields);
}

void RateNetwork::teach_in_place(std::size_t k, std::span<const float> rates, LearningReport& report) {
  const std::span<float> steps = in_place_->learner.steps(k);
  // One image of a batch is enough to follow the alignment.
  errors_of_readout(0, DeltaReadout::Hearers::active, k == 0, steps, report);
  for (std::size_t j = 0; j < steps.size(); ++j) {
    steps[j] = rates[j] > 0.0F ? in_place_->learning_rate_factor * steps[j] : 0.0F;
    in_place_->biases[j] += steps[j];
  }
}

void RateNetwork::errors_of_readout(std::size_t k, DeltaReadout::Hearers hearers, bool measure_angle,
                                    std::span<float> errors, LearningReport& report) const {
  readout_.send_back(feedback_ ? *feedback_ : readout_.matrix(), errors, k, hearers);
  if (!feedback_ || !measure_angle) return;
  std::vector<float> backprop(errors.size());
  readout_.send_back(readout_.matrix(), backprop, k, hearers);
  if (const auto angle = angle_between(errors, backprop)) {
    report.angle_sum_deg += *angle;
    ++report.angles;
  }
}

void RateNetwork::learn_batch(std::span<const Presentation> shown, std::span<const float> rates,
                              std::span<std::uint8_t> predicted, bool measure_angle, LearningReport& report) {
  const std::size_t count = shown.size();
  const auto columns = static_cast<Eigen::Index>(count);
  const std::size_t inputs = plastic_.empty() ? readout_.inputs() : plastic_.front().inputs();
  // What each layer sees, and what the last one answers.
  std::vector<RateMatrix<float>> seen(plastic_.size() + 1);
  seen.front().resize(static_cast<Eigen::Index>(inputs), columns);
  for (std::size_t k = 0; k < count; ++k)
    std::copy_n(rates.data() + k * row(), inputs, seen.front().col(static_cast<Eigen::Index>(k)).data());
  for (std::size_t l = 0; l < plastic_.size(); ++l) seen[l + 1] = plastic_[l].respond(seen[l]);

  RateVector<float> learning_rates(columns);
  for (std::size_t k = 0; k < count; ++k) {
    const auto column = seen.back().col(static_cast<Eigen::Index>(k));
    predicted[k] = first_maximum(judge({column.data(), readout_.inputs()}, shown[k], k, count, report));
    learning_rates[static_cast<Eigen::Index>(k)] =
        static_cast<float>(shown[k].learning_rate / static_cast<double>(count));
  }

  const auto taught = std::ranges::find_if(plastic_, &PlasticRateLayer::is_taught);
  const auto lowest = static_cast<std::size_t>(taught - plastic_.begin());
  std::vector<RateMatrix<float>> steps(plastic_.size());
  for (std::size_t l = plastic_.size(); l-- > lowest;) {
    if (l + 1 < plastic_.size()) {
      steps[l] = plastic_[l + 1].errors_below(steps[l + 1]);
    } else {
      steps[l].resize(static_cast<Eigen::Index>(readout_.inputs()), columns);
      for (std::size_t k = 0; k < count; ++k) {
        auto column = steps[l].col(static_cast<Eigen::Index>(k));
        errors_of_readout(k, DeltaReadout::Hearers::all, measure_angle && k == 0,
                          std::span(column.data(), readout_.inputs()), report);
      }
    }
    plastic_[l].back_through_activation(seen[l + 1], steps[l]);
  }
  for (std::size_t l = 0; l < plastic_.size(); ++l)
    plastic_[l].learn(seen[l], seen[l + 1], steps[l], learning_rates);
  readout_.apply(count);
}

Response RateNetwork::respond(const Image& image) const {
  assert(image.pixels.size() == pixels_);
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
  if (!plastic_.empty()) {
    RateMatrix<float> h =
        Eigen::Map<const RateMatrix<float>>(pre.data(), static_cast<Eigen::Index>(pre.size()), 1);
    for (const PlasticRateLayer& layer : plastic_) h = layer.respond(h);
    pre.assign(h.data(), h.data() + h.size());
  }
  Response response{.kind = ScoreKind::rate, .scores = readout_.respond(pre)};
  response.predicted = first_maximum(response.scores);
  return response;
}

std::uint64_t RateNetwork::synaptic_operations() const {
  std::uint64_t operations = readout_.inputs() * classes();
  for (const FixedRateLayer& layer : fixed_) operations += layer.synaptic_operations();
  for (const PlasticRateLayer& layer : plastic_) operations += layer.synapses();
  return operations + (in_place_ ? in_place_->synapses.sources.size() : 0);
}

std::optional<std::vector<float>> RateNetwork::learned_weights(std::size_t layer) const {
  if (in_place_) return in_place_->fields.unpack(in_place_->synapses);
  if (layer <= fixed_.size() || !plastic_[layer - 1 - fixed_.size()].learns()) return std::nullopt;
  return plastic_[layer - 1 - fixed_.size()].weights();
}

}  // namespace shallows
