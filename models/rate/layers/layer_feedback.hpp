// The weights by which errors come to a hidden layer that knows none above it (plasticity/rates/feedback.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "models/rate/layers/trained_weights.hpp"
#include "plasticity/rates/feedback.hpp"

namespace shallows {

class LayerFeedback {
 public:
  /// With the structure of `above`, [neuron that has the error, neuron of this layer]. Drawn from the stream.
  LayerFeedback(const GroupedWeights& above, const FeedbackParams& params, std::uint64_t seed,
                std::uint64_t stream);

  /// What a layer of this structure tells of its errors `step` [neuron, image]. `forward` are its weights, if
  /// they have this structure: signs may come from there.
  RateMatrix<float> errors(const RateMatrix<float>& step, const GroupedWeights* forward) const;
  /// In degrees, to the forward weights.
  std::optional<double> angle(const GroupedWeights& forward) const;

  /// Where the weights are to follow the forward ones, and nothing else.
  std::optional<Follower> follower();
  /// An update of those that learn by activities: `below` [neuron of this layer, image], and `above` of the
  /// layer that has the errors.
  void learn(const RateMatrix<float>& below, const RateMatrix<float>& above, const RateVector<float>& shares);
  /// Of a mirror: an update from noise, number `update`, of so many images.
  void learn_from_noise(const GroupedWeights& forward, Eigen::Index images, std::uint64_t update);
  /// Of direct feedback that is to follow, past layers in between: no forward weights have its structure, so it
  /// learns what they would, the product of errors and answers.
  void learn_from_errors(const RateMatrix<float>& below, const RateMatrix<float>& step, double learning_rate);

  std::vector<float> values() const { return weights_.values(); }
  void assign(std::span<const float> values) { weights_.assign(values); }

 private:
  template <class Rule>
  void learn_by(const RateMatrix<float>& below, const RateMatrix<float>& above,
                const RateVector<float>& shares, const FeedbackRate& rate);
  GroupedWeights with_signs_of(const GroupedWeights& forward) const;

  FeedbackParams params_;
  GroupedWeights weights_;
  std::uint64_t seed_;
  std::uint64_t stream_;
};

}  // namespace shallows
