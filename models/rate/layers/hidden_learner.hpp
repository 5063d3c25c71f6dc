// Online learning of a bank inside its patches, a batch of images at a time.
//
// After each image k its neuron's step s_k (learning rate times error) changes the weights by s_k x_k^T on
// the patch. Read and written for every image, the weights of 5000 neurons would pass through the memory
// three times per image. Here they rest during a batch, and what its earlier images have taught is added to
// the activations instead:
//
//     W_k x_k = W_0 x_k + sum_{i<k} s_i (x_i . x_k on the patch)          W_B = W_0 + sum_i s_i x_i^T
//
// The overlap of two images is the same for all neurons of one patch, and a box sum of their product gives
// it for all patches at once. The results are those of learning image by image, but for rounding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "encoders/receptive_fields.hpp"
#include "models/rate/layers/hidden_kernel.hpp"
#include "sim/core/aligned_vector.hpp"
#include "sim/layer/packed_synapses.hpp"

namespace shallows {

class HiddenLearner {
 public:
  /// Most images of a batch.
  static constexpr std::size_t kBatch = 40;

  /// `fields` are the packed synapses of `bank`.
  HiddenLearner(const ReceptiveFields& bank, const PackedSynapses<float>& fields);

  /// Starts a batch of up to kBatch images, one after the other in `pixels` (all channels each), which must
  /// stay there until end(). Their overlaps are computed in parallel (TBB).
  void begin(std::span<const float> pixels);
  /// The activations of image k, one per neuron, from what the resting weights make of it
  /// (`at_rest`, padded_targets() values). Valid until the next call.
  std::span<float> activations(std::size_t k, std::span<const float> at_rest);
  /// To be filled with image k's steps, one per neuron, before image k + 1 is asked for.
  std::span<float> steps(std::size_t k);
  /// Adds the steps of all images of the batch to the weights, blocks in parallel (TBB).
  void end(PackedSynapses<float>& fields);

 private:
  const float* image(std::size_t k) const { return images_.data() + k * geometry_.image(); }

  std::size_t neurons_;
  std::size_t width_;
  std::size_t row_;  // values in a row of neurons, padded
  hidden_kernel::Geometry geometry_;
  std::vector<hidden_kernel::Run> runs_;
  std::vector<std::int8_t> mask_;  // -1 where the packed weights have a synapse, else 0
  std::span<const float> pixels_;
  std::size_t count_ = 0;
  AlignedVector<float> images_;       // [kBatch], rows padded
  AlignedVector<float> maps_;         // [kBatch][kBatch]: overlaps of image k with the ones before
  AlignedVector<float> steps_;        // [kBatch]
  AlignedVector<float> at_rest_;      // of one image
  AlignedVector<float> activations_;  // of one image
};

}  // namespace shallows
