// Weights and biases that learn: what a rule (plasticity/rates) makes of a batch of images, modified, and taken
// by an optimiser.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/rate/layers/grouped_weights.hpp"
#include "plasticity/rates/hidden_rules.hpp"
#include "plasticity/rates/modifiers.hpp"
#include "plasticity/rates/optimisers.hpp"
#include "sim/core/named_array.hpp"

namespace shallows {

/// What there is to learn from a batch.
struct Lesson {
  const RateMatrix<float>& x;       ///< [input, image]
  const RateMatrix<float>& a;       ///< activations [neuron, image]
  const RateMatrix<float>& y;       ///< answers
  const RateMatrix<float>& step;    ///< of taught rules: errors at the activations, times `shares`
  const RateVector<float>& shares;  ///< what each image counts; 1 in all
  double learning_rate;             ///< of the readout, mean over the images
  /// What `step` would be under backpropagation, if the angle to it is to be measured.
  const RateMatrix<float>* backprop_step = nullptr;
};

/// Other weights of the same structure that change as these do; both decay at each update.
struct Follower {
  GroupedWeights& weights;
  double decay;  ///< over the learning rate
};

class TrainedWeights {
 public:
  /// With `centring` above 0 an offset mu is taken from the inputs, a = W (x - mu) + b, which follows their mean.
  TrainedWeights(GroupedWeights weights, std::vector<float> biases, const RuleModifiers& modifiers,
                 const OptimiserChoice& optimiser, double centring = 0.0);

  const GroupedWeights& weights() const { return weights_; }
  const std::vector<float>& biases() const { return biases_; }
  std::size_t size() const { return biases_.size(); }
  std::uint64_t synapses() const { return weights_.synapses(); }
  float largest_weight() const;

  bool is_centred() const { return centring_ > 0.0; }
  /// x - mu.
  RateMatrix<float> centred(const RateMatrix<float>& x) const;
  /// W x + b, for inputs that are centred.
  RateMatrix<float> activations(const RateMatrix<float>& x) const;
  /// The offset moves to the mean of the inputs, and biases so that no activation changes.
  void follow_mean(const RateMatrix<float>& x);
  /// An update. Groups in parallel (TBB); the result does not depend on the threads. Returns the angle between
  /// what the rule asks for and backpropagation, if the lesson has that.
  std::optional<double> learn(const HiddenRuleChoice& rule, const Lesson& lesson,
                              std::optional<Follower> follower = std::nullopt);

  /// Biases, and what modifiers and the optimiser have to remember, under names that begin with the layer's.
  std::vector<NamedArray> arrays(const std::string& layer) const;
  void restore(const std::string& layer, std::span<const NamedArray> arrays);
  void assign(std::span<const float> weights) { weights_.assign(weights); }

 private:
  void take(std::size_t group, const RateMatrix<float>& increment, float rate);
  void remember_mean(std::size_t group, RateMatrix<float>& increment);
  void keep_largest(std::span<RateMatrix<float>> increments) const;
  void step_biases(const RateMatrix<float>& step, float rate);

  GroupedWeights weights_;
  std::vector<float> biases_;
  RuleModifiers modifiers_;
  OptimiserChoice optimiser_;
  double centring_;
  RateMatrix<float> offset_;            // [input, 1]
  std::optional<GroupedWeights> mean_;  // of the increments so far, of thresholding
  std::vector<GroupedWeights> states_;  // of the optimiser
  std::vector<std::vector<float>> bias_states_;
  std::uint32_t updates_ = 0;
};

}  // namespace shallows
