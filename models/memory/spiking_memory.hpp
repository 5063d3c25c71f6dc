// A spiking reading of the memory: each row is a LIF neuron that receives the spike trains of the pixels.
//
//     weights   w_ij = gain * n_ij / |n_i|,  n_i the mean of the presynaptic spike counts that row i learned
//     match     the row of the input's class that spikes first (winner by time; the others are inhibited)
//     learning  n_i <- n_i + (n(x) - n_i) / (c_i + 1),  c_i <- c_i + 1, at the winner only; n(x): counts of x
//     answer    the class of the row that spikes first, or the vote of the first k, or of the most active k
//
// The membrane sums the arrivals weighted by the row, so the best match by angle reaches threshold first: the
// reading is that of the cosine distance, computed by the neurons. Everything a row needs is local to it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "encoders/current_encoder.hpp"
#include "models/memory/memory_rows.hpp"
#include "models/presentation.hpp"
#include "models/response.hpp"
#include "sim/layer/lif_layer.hpp"

namespace shallows {

/// How the winner is found.
enum class SpikingWinner {
  first_spike,
  most_spikes,  ///< of equal ones the one that spiked first
};

struct SpikingMemoryParams {
  std::size_t max_neurons = 2000;
  std::size_t batch = 1000;  ///< images matched against one state
  InputParams input = {};
  LifParams neuron = {};       ///< of pixels and rows
  double threshold_mV = 20.0;  ///< of pixels and rows
  double gain_mV = 0.5;        ///< length of a row's weight vector
  TimeMs duration_ms = 50.0;   ///< of a presentation
};

class SpikingMemory {
 public:
  /// Without rows.
  SpikingMemory(const SpikingMemoryParams& params, std::size_t pixels, std::size_t classes);

  /// Mean presynaptic spike counts, classes and counters.
  const MemoryRows& rows() const { return rows_; }

  /// Learns one batch of at most params.batch images: the first ones become rows, the others move theirs. An
  /// image for which no row of its class spikes is skipped.
  void learn(std::span<const Presentation> batch);

  struct Answer {
    Response response;            ///< votes per class; all zero if no row spiked
    TimeMs first_spike_ms = 0.0;  ///< of any row; params.duration_ms if none
    std::uint64_t input_spikes = 0;
    std::uint64_t row_spikes = 0;
  };
  /// Does not learn; may be called from many threads.
  Answer respond(const Image& image, SpikingWinner winner, std::size_t neighbours) const;

 private:
  /// The rows of one class as a layer.
  struct ClassLayer {
    std::vector<std::uint32_t> numbers;  ///< of the rows, by neuron
    LifLayer<float> layer;
  };

  void build(std::size_t label);
  SpikeTrain encode(const Image& image) const;
  SpikeTrain run(const ClassLayer& layer, const SpikeTrain& input) const;

  SpikingMemoryParams params_;
  CurrentEncoder encoder_;
  MemoryRows rows_;
  std::vector<std::optional<ClassLayer>> layers_;  // of classes with rows
};

}  // namespace shallows
