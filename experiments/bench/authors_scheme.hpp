// The event-based scheme of the authors' released code (lifintegrator, EventBasedIntegrator.jl), as a
// yardstick of speed: every event decays all voltages and traces and scans all neurons for the next spike, so
// it costs O(N) per event. Written afresh in C++ with the same loops; synapses outside a patch are kept as
// zero weights, as there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "encoders/image.hpp"
#include "encoders/receptive_fields.hpp"
#include "models/spiking/spiking_network.hpp"
#include "models/spiking/spiking_params.hpp"

namespace shallows {

class AuthorsScheme {
 public:
  AuthorsScheme(const SpikingParams& params, const ReceptiveFields& bank, const Thresholds& thresholds);

  struct Counts {
    std::uint64_t input = 0;
    std::uint64_t hidden = 0;
    std::uint64_t readout = 0;
  };

  /// One presentation without learning; the state carries over.
  Counts present(const Image& image, TimeMs duration);

 private:
  struct Arrival {
    TimeMs time;
    std::size_t neuron;
  };

  void advance(TimeMs elapsed);
  void spike(std::size_t neuron, TimeMs time, Counts& counts);
  void deliver(TimeMs time, Counts& counts);

  SpikingParams params_;
  std::size_t inputs_, hidden_;
  std::vector<double> v_, drive_, threshold_, trace_;  // input, hidden, readout
  std::vector<double> to_hidden_;                      // [input][hidden], zero outside the patch
  std::vector<double> to_readout_;                     // [hidden][readout]
  std::deque<Arrival> queue_;                          // one delay: first in, first out
};

}  // namespace shallows
