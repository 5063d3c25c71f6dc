#include "models/rate_network.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include "sim/rng.hpp"

namespace shallows {
namespace {

std::vector<float> draw_biases(std::size_t size, double max, std::uint64_t seed, Purpose purpose) {
  Rng rng(seed, purpose, 0);
  std::vector<float> biases;
  for (std::size_t i = 0; i < size; ++i) biases.push_back(static_cast<float>(rng.uniform(0.0, max)));
  return biases;
}

DeltaReadout draw_readout(const RateParams& params, std::size_t inputs, std::size_t classes,
                          std::uint64_t seed) {
  Rng rng(seed, Purpose::readout_weight, 0);
  const double deviation = params.readout_weight_scale / std::sqrt(static_cast<double>(inputs));
  std::vector<float> weights;
  for (std::size_t k = 0; k < classes * inputs; ++k)
    weights.push_back(static_cast<float>(deviation * rng.normal()));
  return {inputs, weights, draw_biases(classes, params.readout_bias_max, seed, Purpose::readout_bias)};
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
  operations_ += synapses.sources.size();
}

void RateNetwork::rectify(std::span<float> hidden) const {
  for (std::size_t i = 0; i < hidden.size(); ++i) hidden[i] = std::max(0.0F, hidden[i] + hidden_biases_[i]);
}

void RateNetwork::learn(std::span<const Presentation> presentations, std::span<std::uint8_t> predicted) {
  assert(predicted.size() == presentations.size());
  constexpr std::size_t kBatch = 64;
  const std::size_t row = fields_ ? fields_->padded_targets() : pixels_;
  AlignedVector<float> pixels(kBatch * pixels_), hidden;
  for (std::size_t first = 0; first < presentations.size(); first += kBatch) {
    const auto shown = presentations.subspan(first, std::min(kBatch, presentations.size() - first));
    pixels.resize(shown.size() * pixels_);
    for (std::size_t k = 0; k < shown.size(); ++k) {
      shown[k].image.centered(std::span(pixels).subspan(k * pixels_, pixels_));
    }
    if (fields_) {
      hidden.resize(shown.size() * row);
      fields_->multiply_many(pixels, hidden);
    }
    for (std::size_t k = 0; k < shown.size(); ++k) {
      const std::span<float> pre = std::span(fields_ ? hidden : pixels).subspan(k * row, readout_.inputs());
      if (fields_) rectify(pre);
      predicted[first + k] = first_maximum(readout_.learn(pre, shown[k].label, shown[k].learning_rate));
    }
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
    rectify(hidden);
    pre = std::move(hidden);
  }
  Response response{.kind = ScoreKind::rate, .scores = readout_.respond(pre)};
  response.predicted = first_maximum(response.scores);
  return response;
}

std::vector<NamedArray> RateNetwork::arrays() const {
  return {{"weights/readout/final", {classes(), readout_.inputs()}, readout_.weights()},
          {"biases/readout", {classes()}, readout_.biases()},
          {"biases/hidden", {hidden()}, hidden_biases_}};
}

void RateNetwork::restore(std::span<const NamedArray> arrays) {
  const auto& weights = array_values<float>(arrays, "weights/readout/final", classes() * readout_.inputs());
  const auto& biases = array_values<float>(arrays, "biases/readout", classes());
  const auto& hidden_biases = array_values<float>(arrays, "biases/hidden", hidden());
  readout_.restore(weights, biases);
  hidden_biases_ = hidden_biases;
}

}  // namespace shallows
