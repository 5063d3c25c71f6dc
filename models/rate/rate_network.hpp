// The rate networks (Illing, Gerstner and Brea 2019; docs/reference.md): simple perceptron (no bank), any
// fixed bank (RP, RG, ...), and banks that learn in place, inside their patches (BP, FA).
//
//     h = relu(W1 (x - mean) + b1),   y = relu(W2 h + b2) or softmax(W2 h + b2)
//
// With inhibition, h is what the populations of a sparse-coding bank make of the drives W1 (x - mean) + b1.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "encoders/receptive_fields.hpp"
#include "models/banks/inhibited_populations.hpp"
#include "models/presentation.hpp"
#include "models/rate/delta_readout.hpp"
#include "models/rate/hidden_learner.hpp"
#include "models/rate/rate_cost.hpp"
#include "models/rate/rate_params.hpp"
#include "models/response.hpp"
#include "sim/core/named_array.hpp"
#include "sim/layer/packed_synapses.hpp"

namespace shallows {

/// What a network has to say about its learning beside its answers.
struct LearningReport {
  /// Between the hidden errors that feedback alignment and backpropagation give, summed over `angles` images.
  double angle_sum_deg = 0.0;
  std::uint64_t angles = 0;
  /// The images since the last one at which any readout unit was active.
  std::uint64_t silent = 0;
  /// Of the first output that is not finite or far from every target: the weights have diverged.
  std::optional<float> diverged;
};

class RateNetwork {
 public:
  /// Images that are computed together. Where the bank learns, a batch begins with each call of learn(), and
  /// rounding depends on how the images fall into batches.
  static constexpr std::size_t kBatch = HiddenLearner::kBatch;

  /// Without a bank the readout sees the centered pixels. Biases, readout and feedback weights are drawn from
  /// `seed`. params.inhibition needs a bank that has it and is fixed.
  RateNetwork(const RateParams& params, const ReceptiveFields* bank, std::size_t pixels, std::size_t classes,
              std::uint64_t seed);

  std::size_t hidden() const { return hidden_biases_.size(); }
  std::size_t classes() const { return readout_.classes(); }
  bool bank_learns() const { return plastic_.has_value(); }

  /// One online update per image, in order. What the hidden layer makes of the images is computed for many at
  /// once (TBB). `predicted` (as many) receives each image's class before its update. After a divergence the
  /// network is of no use.
  LearningReport learn(std::span<const Presentation> presentations, std::span<std::uint8_t> predicted);
  /// Does not learn; may be called from many threads.
  Response respond(const Image& image) const;

  /// Multiply-adds of one forward pass, counting existing synapses only, and lateral ones once.
  std::uint64_t synaptic_operations() const { return operations_; }

  /// What one update costs at least if the part `active` of the hidden neurons (of the pixels, without a
  /// bank) is not zero. Without what inhibition takes.
  RateCosts costs(double active) const;

  /// The filters of the bank as they are now, one after the other; only if the bank learns.
  std::vector<float> filters() const;
  /// weights/readout/final, biases/readout, biases/hidden; of feedback alignment weights/feedback. The bank
  /// is not among them.
  std::vector<NamedArray> arrays() const;
  /// What learning changes, with the names that it has in the file of a training that begins with it:
  /// weights/readout/initial, initial/biases/readout; if the bank learns, also initial/biases/hidden. The
  /// bank is not among them.
  std::vector<NamedArray> initial_arrays() const;
  /// Takes back what arrays() gave. All or nothing; throws Error (data).
  void restore(std::span<const NamedArray> arrays);

 private:
  /// What it takes for the bank to learn.
  struct Plastic {
    Synapses synapses;  // where the weights of the bank are
    HiddenLearner learner;
    float learning_rate_factor;
    std::optional<ClassWeights> feedback;  // backpropagation has none of its own
  };

  std::optional<Plastic> make_plastic(const RateParams& params, const ReceptiveFields& bank,
                                      std::uint64_t seed) const;
  /// What the readout sees, from what the bank makes of an image.
  void activate(std::span<float> hidden) const;
  /// The hidden layer's part of the update, from its rates and what the readout is about to learn from image
  /// `k` of the batch.
  void teach_hidden(std::size_t k, std::span<const float> rates, LearningReport& report);

  std::size_t pixels_;
  std::optional<PackedSynapses<float>> fields_;
  std::optional<InhibitedPopulations> inhibited_;
  std::vector<float> hidden_biases_;
  DeltaReadout readout_;
  std::optional<Plastic> plastic_;
  std::uint64_t operations_;
};

}  // namespace shallows
