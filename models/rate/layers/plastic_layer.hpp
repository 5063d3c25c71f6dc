// A hidden layer of the rate network that learns, or that stands on one that does, so that errors pass
// through it: h = phi(W x + b) for a batch of images.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "models/rate/layers/grouped_weights.hpp"
#include "models/rate/rate_params.hpp"
#include "sim/core/synapses.hpp"

namespace shallows {

class PlasticRateLayer {
 public:
  PlasticRateLayer(const Synapses& synapses, const RateLayerParams& params, std::vector<float> biases);

  std::size_t size() const { return biases_.size(); }
  std::size_t inputs() const { return static_cast<std::size_t>(weights_.sources()); }
  std::uint64_t synapses() const { return weights_.synapses(); }
  bool learns() const { return learning_params(params_.rule) != nullptr; }
  bool is_taught() const { return shallows::is_taught(params_.rule); }
  const RateLayerParams& params() const { return params_; }

  /// [neuron, image] of x [neuron below, image].
  RateMatrix<float> respond(const RateMatrix<float>& x) const;
  /// From errors at the answers h to errors at the activations, in place: times the slope there.
  void back_through_activation(const RateMatrix<float>& h, RateMatrix<float>& errors) const;
  /// What the layer below is told of the errors at the activations here: by the weights, or by the fixed
  /// random ones that draw_feedback() made.
  RateMatrix<float> errors_below(const RateMatrix<float>& step) const;
  /// `step` are errors times the readout's learning rates `rates` of the images; only of taught layers.
  void learn(const RateMatrix<float>& x, const RateMatrix<float>& h, const RateMatrix<float>& step,
             const RateVector<float>& rates);

  /// Fixed random weights, with the structure of this layer's, by which the layer below is taught.
  void draw_feedback(double deviation, std::uint64_t seed, std::uint64_t stream);

  std::vector<float> weights() const { return weights_.values(); }
  const std::vector<float>& biases() const { return biases_; }
  /// Empty if there are none.
  std::vector<float> feedback() const { return feedback_ ? feedback_->values() : std::vector<float>{}; }
  /// The weights are those that it was made with.
  void restore(std::span<const float> biases, std::span<const float> feedback);

 private:
  RateLayerParams params_;
  GroupedWeights weights_;
  std::vector<float> biases_;
  std::optional<GroupedWeights> feedback_;
};

}  // namespace shallows
