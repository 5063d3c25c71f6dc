// Options that several commands have, and checks of option values whose messages name what is allowed.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "experiments/run/progress.hpp"

namespace shallows {

/// Options of commands that simulate.
struct RunOptions {
  std::vector<std::string> overrides;
  std::string record;
  std::uint64_t threads = 0;  ///< 0: all
  bool json = false;
  bool quiet = false;

  Verbosity verbosity() const { return quiet ? Verbosity::quiet : Verbosity::normal; }
};

CLI::Option* add_configuration(CLI::App& command, std::string& config);
void add_set(CLI::App& command, std::vector<std::string>& overrides);
void add_threads(CLI::App& command, std::uint64_t& threads);
void add_run_options(CLI::App& command, RunOptions& options);
void add_force(CLI::App& command, bool& force);
void add_allow_seen(CLI::App& command, bool& allow);

/// From `lowest` to 2^63 - 1; CLI11 alone takes "-1" for a large one.
CLI::Validator whole_number_from(std::uint64_t lowest);

/// Finite and above zero.
CLI::Validator positive_number();

}  // namespace shallows
