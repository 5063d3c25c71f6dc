// The part of a rate network that learns from batches of images in the general form: from the first hidden
// layer that learns up to the readout. Every layer has its rule, all share the optimiser.
//
//     forward      a_l = W_l x_l + b_l,  h_l = phi(a_l) = x_{l+1},  y = what the loss makes of the last a
//     errors       e of the readout from its loss; of a hidden layer by the path that its rule names
//     update       every layer's rule, from (x, a, h, errors), all from the weights before
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/presentation.hpp"
#include "models/rate/layers/layer_feedback.hpp"
#include "models/rate/layers/trained_weights.hpp"
#include "models/rate/learning_report.hpp"
#include "models/rate/rate_params.hpp"
#include "sim/core/synapses.hpp"

namespace shallows {

/// A hidden layer that learns, or that stands on one that does.
struct StackedLayer {
  std::size_t number;  ///< 1 is the first hidden layer of the network
  RateLayerParams params;
  Synapses synapses;
  std::vector<float> biases;
};

class PlasticStack {
 public:
  /// The readout's weights are [class][input].
  PlasticStack(const RateParams& params, std::span<const StackedLayer> layers, std::span<const float> readout,
               std::vector<float> readout_biases, std::uint64_t seed);

  std::size_t inputs() const;
  std::size_t classes() const { return readout_.size(); }
  std::size_t layers() const { return layers_.size(); }
  /// What the readout sees.
  std::size_t hidden() const { return static_cast<std::size_t>(readout_.weights().sources()); }
  std::uint64_t synapses() const;

  /// An update from what the images are below, x [input, image]. `predicted` (as many) receives each image's
  /// class before it.
  void learn(std::span<const Presentation> shown, const RateMatrix<float>& x,
             std::span<std::uint8_t> predicted, Measure measure, LearningReport& report);
  /// The answers [class, image].
  RateMatrix<float> respond(RateMatrix<float> x) const;

  /// What is to be said of each layer, and of the readout at last.
  std::vector<LayerFigures> figures() const;
  /// Begins to look for dead units anew.
  void forget_answers();

  bool learns(std::size_t layer) const { return learning_params(layers_[layer].params.rule) != nullptr; }
  std::vector<float> weights(std::size_t layer) const { return layers_[layer].trained.weights().values(); }

  /// Under the names of the network's file: biases, readout and feedback weights, and the state of learning.
  std::vector<NamedArray> arrays() const;
  /// Those that learning changes, as they are.
  std::vector<NamedArray> initial_arrays() const;
  void restore(std::span<const NamedArray> arrays);

 private:
  struct Layer {
    std::string name;
    RateLayerParams params;
    TrainedWeights trained;
    std::optional<LayerFeedback> feedback = {};  // by which this layer is taught
    std::vector<std::uint32_t> answered = {};    // 1: of a unit that has answered since forget_answers()
  };
  /// What a batch is at each layer.
  struct Pass {
    std::vector<RateMatrix<float>> x;     // what layer l sees; the last one: the readout
    std::vector<RateMatrix<float>> seen;  // the same centred, or empty
    std::vector<RateMatrix<float>> a;     // of the layers, then of the readout
    RateMatrix<float> answers;            // of the readout
    std::vector<RateMatrix<float>> steps;

    const RateMatrix<float>& seen_by(std::size_t l) const { return seen[l].size() > 0 ? seen[l] : x[l]; }
  };
  enum class Errors { as_ruled, by_backprop };

  const TrainedWeights& above(std::size_t layer) const {
    return layer + 1 < layers_.size() ? layers_[layer + 1].trained : readout_;
  }
  Pass forward(const RateMatrix<float>& x) const;
  void answer(const RateMatrix<float>& a, RateMatrix<float>& answers) const;
  std::size_t lowest_taught() const;
  void teach(Pass& pass, Errors errors, std::size_t lowest) const;
  void learn_feedback(const Pass& pass, const RateVector<float>& shares, double learning_rate);
  std::optional<Follower> follower_of(std::size_t layer);

  std::vector<Layer> layers_;
  TrainedWeights readout_;
  HiddenRuleChoice readout_rule_;
  ReadoutLossChoice loss_;
  std::uint32_t updates_ = 0;
  std::vector<std::optional<double>> angles_;  // of the updates, last measured; the last one: the readout's
};

}  // namespace shallows
