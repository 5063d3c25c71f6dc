// The command line: which command was meant, help, and what to say of words that none understands.
#pragma once

namespace shallows {

/// Runs the command that was typed and returns the exit code. --help, --version and usage errors are
/// answered here; what goes wrong in a command is thrown.
int run_command_line(int argc, char** argv);

}  // namespace shallows
