// Where a command's words go, and a first look at what it reads and where its file will go.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "experiments/config/config.hpp"

namespace shallows {

/// Prints to stdout. Throws Error (data) if that fails.
void print(const std::string& text);
void print(const nlohmann::json& json);
/// A line on stderr, after "shallows: ". Never throws: a log on a full disk must not end a run.
void note(const std::string& text);
/// That what was `output` has got another name.
void note_backup(const std::string& output, const std::string& backup);

/// read_config() with a note about keys that were passed over.
Config read_configuration(const std::string& path, std::span<const std::string> overrides);

/// Makes the directory that a result is written to, and checks early that this is possible, not after a day,
/// and that the result would not take the place of `input`. Throws Error (data).
void prepare_output(const std::string& path, const std::string& input);

}  // namespace shallows
