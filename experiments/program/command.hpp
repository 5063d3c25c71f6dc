// What a command of the program is; commands/commands.hpp is the list of them.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace shallows {

/// Exit codes of the program; 128 + signal after an interrupt.
namespace exit_code {
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kData = 3;
inline constexpr int kCheckpoint = 4;
}  // namespace exit_code

/// Does what was asked, prints its result on stdout and returns the exit code; errors are thrown. It is told
/// the command line as typed, for the files that it writes.
using Run = std::function<int(const std::string& command_line)>;

struct Command {
  std::string_view name;
  std::string_view about;  ///< one line
  /// Adds the options. What it returns is called once they are parsed.
  Run (*add)(CLI::App& command);
};

/// Command::add of a command whose options fill an Arguments, for whom that is enough to run.
template <class Arguments, void (*add_options)(CLI::App&, Arguments&), int (*run)(const Arguments&)>
Run add(CLI::App& command) {
  const auto arguments = std::make_shared<Arguments>();
  add_options(command, *arguments);
  return [arguments](const std::string& command_line) {
    if constexpr (requires { arguments->command_line; }) arguments->command_line = command_line;
    return run(*arguments);
  };
}

}  // namespace shallows
