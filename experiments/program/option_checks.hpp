// Checks of option values whose messages name what is allowed; for command_line.cpp.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>

namespace shallows {

/// From `lowest` to 2^63 - 1; CLI11 alone takes "-1" for a large one.
CLI::Validator whole_number_from(std::uint64_t lowest);

/// Finite and above zero.
CLI::Validator positive_number();

}  // namespace shallows
