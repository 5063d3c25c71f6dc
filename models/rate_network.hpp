// The rate networks with a fixed hidden layer (Illing, Gerstner and Brea 2019; fact sheet, section 3):
// simple perceptron (no bank), RP and RG and their localized versions.
//
//     h = relu(W1 (x - mean) + b1),   y = relu(W2 h + b2);   only W2 and b2 learn
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "encoders/receptive_fields.hpp"
#include "models/delta_readout.hpp"
#include "models/presentation.hpp"
#include "models/rate_params.hpp"
#include "models/response.hpp"
#include "sim/named_array.hpp"
#include "sim/packed_synapses.hpp"

namespace shallows {

class RateNetwork {
 public:
  /// Without a bank the readout sees the centered pixels. Biases and readout weights are drawn from `seed`.
  RateNetwork(const RateParams& params, const ReceptiveFields* bank, std::size_t pixels, std::size_t classes,
              std::uint64_t seed);

  std::size_t hidden() const { return hidden_biases_.size(); }
  std::size_t classes() const { return readout_.classes(); }

  /// One online update per image, in order. The fixed hidden layer is computed for many images at once (TBB).
  /// `predicted` (as many) receives each image's class before its update.
  void learn(std::span<const Presentation> presentations, std::span<std::uint8_t> predicted);
  /// Does not learn; may be called from many threads.
  Response respond(const Image& image) const;

  /// Multiply-adds of one forward pass, counting existing synapses only.
  std::uint64_t synaptic_operations() const { return operations_; }

  /// weights/readout/final, biases/readout, biases/hidden.
  std::vector<NamedArray> arrays() const;
  /// Takes back what arrays() gave. All or nothing; throws Error (data).
  void restore(std::span<const NamedArray> arrays);

 private:
  /// What the readout sees, from what the bank makes of an image.
  void rectify(std::span<float> hidden) const;

  std::size_t pixels_;
  std::optional<PackedSynapses<float>> fields_;
  std::vector<float> hidden_biases_;
  DeltaReadout readout_;
  std::uint64_t operations_;
};

}  // namespace shallows
