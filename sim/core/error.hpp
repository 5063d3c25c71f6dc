// The one exception type for problems that a user can cause and mend. Messages read
// "<problem> (<why it is one>); <suggestion>". Only the program's main() catches it, and the studies of many
// networks, in which one that diverges must not cost the others.
#pragma once

#include <stdexcept>
#include <string>

namespace shallows {

/// What kind of thing was wrong; main() turns it into the exit code.
enum class ErrorKind {
  configuration,  ///< a key, a value or a command line: exit code 2
  data,           ///< a file that is missing, broken, foreign or can't be written: exit code 3
  checkpoint,     ///< a checkpoint or run file that does not fit this configuration: exit code 4
  network,        ///< the simulation itself can't go on, e.g. a silent network: exit code 1
};

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}

  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace shallows
