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
#include "experiments/config/config.hpp"
#include "models/memory/memory_network.hpp"
#include "models/presentation.hpp"
#include "models/rate/rate_network.hpp"
#include "models/response.hpp"
#include "models/spiking/spiking_network.hpp"
#include "output/record/spike_recorder.hpp"
#include "sim/core/named_array.hpp"

namespace shallows {

/// What is taken from the arrays of a spiking network: all, to go on learning or testing where it stopped; or
/// what test presentations from the fixed initial state need, which another engine or precision can take,
/// too.
enum class Restore { everything, for_test };

/// To add a network is to name it here and to say how it is made, learns and responds (network.cpp); what
/// else it has, such as arrays to store or populations that spike, is found out from its members.
using AnyNetwork = std::variant<SpikingNetwork, RateNetwork, MemoryNetwork>;

class Network {
 public:
  /// A new network, drawn from the configuration's seed. `bank` is in mV if it spikes; without one, the bank
  /// that hidden.kind draws. Upper hidden layers are drawn.
  static Network make(const Config& config, ImageShape shape, std::size_t classes,
                      std::optional<ReceptiveFields> bank = std::nullopt);
  /// The network that arrays() described: its bank, thresholds, biases, weights and state are taken from
  /// there. Throws Error (data) if the arrays are incomplete or of another kind. A memory network is empty as
  /// yet (run/memory_file.hpp), and may get more classes than were stored.
  static Network restore(const Config& config, std::span<const NamedArray> arrays, std::size_t classes = 0,
                         Restore restore = Restore::everything);

  /// The same network with another bank of the same size, which is to have no hidden neurons that learn: its
  /// biases and readout are those of this one. Rate networks only.
  Network with_bank(const Config& config, ReceptiveFields bank) const;

  const ImageShape& shape() const { return shape_; }
  std::size_t classes() const;
  /// Neurons of the last hidden layer; of a memory network its rows.
  std::size_t hidden() const;
  /// Null unless it is one.
  MemoryNetwork* memory() { return std::get_if<MemoryNetwork>(&network_); }
  const MemoryNetwork* memory() const { return std::get_if<MemoryNetwork>(&network_); }
  bool is_spiking() const { return std::holds_alternative<SpikingNetwork>(network_); }
  /// The engine of a spiking network, "batched float" for a rate network, "matrix products" for a memory.
  std::string engine() const;
  /// population_names() with their sizes.
  std::vector<PopulationInfo> populations() const;

  /// Learns from the images in order. `activities` and `predicted` (as many) receive what happened and the
  /// class that the network would have said: of a spiking network its readout spikes before the teacher
  /// speaks, of a rate network its rates before the update, of a memory network its answer before the batch
  /// or no_class if it was not asked. The activity of these two has synaptic events only.
  /// Rate networks that learn in the general form can compare their first update with backpropagation's.
  [[nodiscard]] LearningReport learn(std::span<const Presentation> presentations,
                                     std::span<Activity> activities, std::span<std::uint8_t> predicted,
                                     Measure measure = Measure::nothing);
  /// Of the layers that learn in the general form since it was asked for last; empty of other networks.
  std::vector<LayerFigures> layer_figures();
  /// Training may be cut after multiples of so many presentations (and at its end) without another result.
  std::uint64_t granularity() const;

  /// Does not learn. Answers in parallel (TBB); `activities` and `responses` are as many as the images.
  void respond(std::span<const Image> images, std::span<Activity> activities,
               std::span<Response> responses) const;
  /// Test presentations that hand their state on (protocol.test_carry_over); spiking networks only.
  SpikingNetwork::TestSequence test_sequence() const;

  /// The receptive fields as they are now, if there are any.
  std::optional<ReceptiveFields> bank() const;
  /// The synapses of the hidden layers above the first one as they are now.
  std::vector<Projection> upper() const;
  /// Everything that makes the network what it is, to store and to go on from; of a memory network all but
  /// its rows.
  std::vector<NamedArray> arrays() const;
  /// Of what training changes, what it is before the next presentation, under the names that it has in the
  /// file of a training that begins there. Nothing of a memory network.
  std::vector<NamedArray> initial_arrays() const;

 private:
  Network(const Config& config, ImageShape shape, std::size_t classes, std::optional<ReceptiveFields> bank,
          std::vector<Projection> upper, std::span<const NamedArray> stored);
  std::optional<std::vector<float>> learned_weights(std::size_t layer) const;

  ImageShape shape_;
  std::optional<ReceptiveFields> bank_;  // as it was made
  Pool pool_;                            // of its fields
  std::vector<Projection> upper_;        // as they were made
  AnyNetwork network_;
};

/// The paper's name of the network: "sp", "rp", "rg", "pca", "ica", "sc", "bp", "fa", "bank" (of a file), and
/// "l-rp" and so on where patches are smaller than the image; "pixels" of a memory without fields.
std::string model_name(const Config& config, ImageShape shape);
/// "spiking", "rate" or "memory".
std::string coding_name(const Config& config);

}  // namespace shallows
