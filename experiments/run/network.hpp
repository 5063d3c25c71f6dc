// Any of the networks as a training loop sees it: one coarse seam where the model is chosen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "encoders/receptive_fields.hpp"
#include "experiments/config.hpp"
#include "models/presentation.hpp"
#include "models/rate_network.hpp"
#include "models/response.hpp"
#include "models/spiking_network.hpp"
#include "output/spike_recorder.hpp"
#include "sim/named_array.hpp"

namespace shallows {

class Network {
 public:
  /// A new network, drawn from the configuration's seed.
  static Network make(const Config& config, ImageShape shape, std::size_t classes);
  /// The network that arrays() described: its bank, thresholds, biases, weights and state are taken from
  /// there. Throws Error (data) if the arrays are incomplete or of another kind.
  static Network restore(const Config& config, std::span<const NamedArray> arrays);

  const ImageShape& shape() const { return shape_; }
  std::size_t classes() const;
  std::size_t hidden() const;
  bool is_spiking() const { return std::holds_alternative<SpikingNetwork>(network_); }
  /// The engine of a spiking network, "batched float" for a rate network.
  std::string engine() const;
  /// input, hidden and readout of a spiking network; none of a rate network.
  std::vector<PopulationInfo> populations() const;

  /// Learns from the images in order. `activities` and `predicted` (as many) receive what happened and the
  /// class that the network would have said: of a spiking network its readout spikes before the teacher
  /// speaks, of a rate network its rates before the update. A rate network's activity has synaptic events
  /// only.
  LearningReport learn(std::span<const Presentation> presentations, std::span<Activity> activities,
                       std::span<std::uint8_t> predicted);
  /// Training may be cut after multiples of so many presentations (and at its end) without another result.
  std::uint64_t granularity() const;

  /// Does not learn; may be called from many threads.
  Response respond(const Image& image, Activity& activity) const;
  /// Test presentations that hand their state on (protocol.test_carry_over); spiking networks only.
  SpikingNetwork::TestSequence test_sequence() const;

  /// The receptive fields as they are now, if there are any.
  std::optional<ReceptiveFields> bank() const;
  /// Everything that makes the network what it is, to store and to go on from.
  std::vector<NamedArray> arrays() const;

 private:
  Network(const Config& config, ImageShape shape, std::size_t classes, std::optional<ReceptiveFields> bank,
          std::optional<Thresholds> thresholds);

  ImageShape shape_;
  TimeMs transient_ms_;
  std::optional<ReceptiveFields> bank_;  // as it was made
  std::variant<SpikingNetwork, RateNetwork> network_;
};

/// The paper's name of the network: "sp", "rp", "rg", "bp", "fa", "l-rp", ...
std::string model_name(const Config& config, ImageShape shape);
/// "spiking" or "rate".
std::string coding_name(const Config& config);

}  // namespace shallows
