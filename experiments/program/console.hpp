// Where a command's words go, and a first look at what it reads and where its file will go.
#pragma once

#include <nlohmann/json_fwd.hpp>
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

/// Where the files of a kind ("configs", "studies") are that come with the program: in the working folder if
/// that is a checkout, beside an installed program, or in the sources that it was built from.
std::string shipped_directory(const std::string& kind);
/// The file that is meant by a path, or by the name of one of those configurations ("l-rg"). Throws Error
/// (configuration) for a name that none has.
std::string configuration_path(const std::string& given);
/// The same of a study or, if none has that name, of a configuration.
std::string study_path(const std::string& given);
/// read_config() of it, with a note about keys that were passed over.
Config read_configuration(const std::string& path, const Overrides& overrides);

/// Makes the directory that a result is written to, and checks early that this is possible, not after a day,
/// and that the result would not take the place of `input`. Throws Error (data).
void prepare_output(const std::string& path, const std::string& input);

}  // namespace shallows
