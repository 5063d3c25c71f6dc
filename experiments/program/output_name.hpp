// The file that a command writes if none is named.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "experiments/config/config.hpp"

namespace shallows {

/// "runs/NAME-KEY=VALUE-...-seedN<ending>.h5": what was set by `overrides`, by key, with the values that the
/// configuration now has, and the seed, so that runs that differ do not share a file. A long list is cut and
/// ends with a digest of it all.
std::string default_output(const Config& config, std::span<const std::string> overrides,
                           std::string_view ending = "");

}  // namespace shallows
