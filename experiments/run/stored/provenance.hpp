// Where a file comes from.
#pragma once

#include <string>

#include "experiments/config/config.hpp"
#include "output/record/run_file.hpp"

namespace shallows {

/// Program, build, machine and time of this process; `command_line` as typed.
Provenance make_provenance(const Config& config, const std::string& command_line, std::uint64_t threads);

/// "0.1.0"
std::string program_version();
/// Several lines: version, git hash, compiler, libraries, vector unit.
std::string version_text();

}  // namespace shallows
