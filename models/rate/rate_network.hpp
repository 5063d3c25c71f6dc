// The rate networks (Illing, Gerstner and Brea 2019; docs/reference.md): simple perceptron (no bank), any
// fixed bank (RP, RG, ...), and banks that learn in place, inside their patches (BP, FA). Any number of
// hidden layers may stand on the first one.
//
//     h1 = phi(W1 (x - mean) + b1),  h2 = phi(W2 h1 + b2), ...   y = relu(W h + b) or softmax(W h + b)
//
// With inhibition, h1 is what the populations of a sparse-coding bank make of the drives W1 (x - mean) + b1.
// Layers that do not learn, up to the first one that does, are computed for many images at once; the rest
// learns online or in batches.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "encoders/receptive_fields.hpp"
#include "models/presentation.hpp"
#include "models/rate/delta_readout.hpp"
#include "models/rate/layers/fixed_layer.hpp"
#include "models/rate/layers/hidden_learner.hpp"
#include "models/rate/learning_report.hpp"
#include "models/rate/rate_cost.hpp"
#include "models/rate/rate_params.hpp"
#include "models/response.hpp"
#include "sim/core/named_array.hpp"
#include "sim/layer/packed_synapses.hpp"

namespace shallows {

class PlasticStack;
struct StackedLayer;

class RateNetwork {
 public:
  /// Images that are computed together. Where the bank learns, a batch begins with each call of learn(), and
  /// rounding depends on how the images fall into batches.
  static constexpr std::size_t kBatch = HiddenLearner::kBatch;

  /// Without a bank the readout sees the centered pixels. `upper` are the hidden layers above the bank.
  /// Biases, readout and feedback weights are drawn from `seed`. params.inhibition needs a bank that has it
  /// and is fixed, params.cells one that is fixed.
  RateNetwork(const RateParams& params, const ReceptiveFields* bank, std::span<const Projection> upper,
              std::size_t pixels, std::size_t classes, std::uint64_t seed);
  RateNetwork(const RateParams& params, const ReceptiveFields* bank, std::size_t pixels, std::size_t classes,
              std::uint64_t seed)
      : RateNetwork(params, bank, {}, pixels, classes, seed) {}
  // As usual, but where PlasticStack is known: its matrices are slow to compile.
  RateNetwork(const RateNetwork&);
  RateNetwork& operator=(const RateNetwork&);
  RateNetwork(RateNetwork&&) noexcept;
  RateNetwork& operator=(RateNetwork&&) noexcept;
  ~RateNetwork();

  /// Neurons of the last hidden layer, which the readout sees; 0 without one.
  std::size_t hidden() const;
  std::size_t classes() const { return classes_; }
  static constexpr const char* engine() { return "batched float"; }
  /// Hidden layers.
  std::size_t layers() const;
  bool bank_learns() const;
  /// Images after which learn() may be cut without another result.
  std::size_t granularity() const;

  /// One online update per image, in order. What the hidden layer makes of the images is computed for many at
  /// once (TBB). `predicted` (as many) receives each image's class before its update. After a divergence the
  /// network is of no use.
  LearningReport learn(std::span<const Presentation> presentations, std::span<std::uint8_t> predicted,
                       Measure measure = Measure::nothing);
  /// What is to be said of the layers that learn in the general form, and of the readout above them, since it was
  /// asked for last; empty of other networks.
  std::vector<LayerFigures> layer_figures();
  /// Does not learn. Images in parallel (TBB).
  void respond(std::span<const Image> images, std::span<Response> responses) const;
  Response respond(const Image& image) const;

  /// Multiply-adds of one forward pass, counting existing synapses only, and lateral ones once.
  std::uint64_t synaptic_operations() const;

  /// What one update costs at least if the part `active` of the hidden neurons (of the pixels, without a
  /// bank) is not zero. Without what inhibition takes. Of networks with one hidden layer or none.
  RateCosts costs(double active) const;

  /// The weights of hidden layer 1, 2, ... as they are now, neuron by neuron; nothing if it does not learn.
  std::optional<std::vector<float>> learned_weights(std::size_t layer) const;
  /// weights/readout/final, biases/readout, biases/hidden, biases/hidden2, ...; of feedback alignment
  /// feedback/hidden, ...; and what learning in the general form has to remember (plastic_stack.hpp). The weights
  /// of the hidden layers are not among them.
  std::vector<NamedArray> arrays() const;
  /// What learning changes, with the names that it has in the file of a training that begins with it:
  /// weights/readout/initial, initial/biases/readout; of layers that are taught also initial/biases/hidden,
  /// .... The weights of the hidden layers are not among them.
  std::vector<NamedArray> initial_arrays() const;
  /// Takes back what arrays() gave of a network whose hidden layers were made with the weights of this one.
  /// All or nothing; throws Error (data).
  void restore(std::span<const NamedArray> arrays);

 private:
  /// What it takes for the bank to learn online as the only hidden layer.
  struct InPlace {
    Synapses synapses;  // where the weights of the bank are
    PackedSynapses<float> fields;
    HiddenLearner learner;
    std::vector<float> biases;
    float learning_rate_factor;
  };

  template <class Use>
  void each_layer_array(Use&& use) const;
  void add_fixed_layer(const RateParams& params, const StackedLayer& layer, const ReceptiveFields* bank);
  /// What the fixed layers make of images, one after the other in `pixels`, in rows that are row() apart.
  void respond_fixed(AlignedVector<float>& pixels, AlignedVector<float>& rates) const;
  std::size_t row() const;
  std::vector<float> judge(std::span<const float> pre, const Presentation& shown, LearningReport& report);

  void learn_in_place(std::span<const Presentation> shown, std::span<const float> pixels,
                      std::span<std::uint8_t> predicted, LearningReport& report);
  void learn_readout(std::span<const Presentation> shown, std::span<const float> rates,
                     std::span<std::uint8_t> predicted, LearningReport& report);
  void learn_batch(std::span<const Presentation> shown, std::span<const float> rates,
                   std::span<std::uint8_t> predicted, Measure measure, LearningReport& report);
  /// The hidden layer's part of the update, from its rates and what the readout is about to learn from image
  /// `k` of the batch.
  void teach_in_place(std::size_t k, std::span<const float> rates, LearningReport& report);

  std::size_t pixels_;
  std::size_t classes_;
  std::size_t batch_;
  std::vector<FixedRateLayer> fixed_;
  std::vector<PlasticStack> stack_;  // one of all above them, and then neither of these; or none
  std::optional<InPlace> in_place_;  // then there is no other layer
  std::optional<DeltaReadout> readout_;
  std::optional<ClassWeights> feedback_;  // of feedback alignment in place
};

}  // namespace shallows
