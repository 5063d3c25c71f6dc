// The list of networks: what `model` can be. An entry says what a configuration must know of a network; the
// network itself is made in experiments/run/network/network.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "encoders/bank.hpp"
#include "models/banks/banks.hpp"
#include "models/memory/memory_params.hpp"
#include "models/rate/rate_params.hpp"
#include "models/spiking/spiking_params.hpp"
#include "sim/core/list.hpp"
#include "sim/core/problem.hpp"

namespace shallows {

struct SpikingModel {
  using Params = SpikingParams;
  static constexpr std::string_view name = "spiking";
  static constexpr std::string_view about =
      "LIF network: input population, fixed hidden layer, readout trained at spike arrivals";
  static constexpr Unit unit = Unit::millivolt;
  static constexpr bool has_spikes = true;   ///< populations input, hidden and readout, which can be recorded
  static constexpr bool has_readout = true;  ///< trained with a learning rate

  static double default_learning_rate(BankOrigin) { return 2e-4; }
  static void set_defaults(Params&, BankOrigin) {}
  static std::optional<Problem> problem(const Params& params, BankOrigin bank, double learning_rate);
};

struct RateModel {
  using Params = RateParams;
  static constexpr std::string_view name = "rate";
  static constexpr std::string_view about =
      "ReLU network: hidden layer fixed or learning in its patches, or none; readout trained online";
  static constexpr Unit unit = Unit::none;
  static constexpr bool has_spikes = false;
  static constexpr bool has_readout = true;

  static double default_learning_rate(BankOrigin bank);
  static void set_defaults(Params& params, BankOrigin bank);
  static std::optional<Problem> problem(const Params& params, BankOrigin bank, double learning_rate);
};

struct MemoryModel {
  using Params = MemoryParams;
  static constexpr std::string_view name = "memory";
  static constexpr std::string_view about =
      "labelled rows of pixels or receptive fields; the nearest row of the class moves, one pass";
  static constexpr Unit unit = Unit::none;
  static constexpr bool has_spikes = false;
  static constexpr bool has_readout = false;

  static double default_learning_rate(BankOrigin bank) { return RateModel::default_learning_rate(bank); }
  static void set_defaults(Params&, BankOrigin) {}
  static std::optional<Problem> problem(const Params& params, BankOrigin bank, double learning_rate);
};

using Networks = List<SpikingModel, RateModel, MemoryModel>;

/// The network that is chosen, with its parameters.
using NetworkChoice = Networks::Chosen;

std::string name_of(const NetworkChoice& network);
Unit unit_of(const NetworkChoice& network);
bool has_spikes(const NetworkChoice& network);

}  // namespace shallows
