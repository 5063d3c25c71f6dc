// Ctrl-C and SIGTERM: the first one asks the run to stop at the next image and keep everything, the second
// one ends the program at once.
#pragma once

#include <exception>

namespace shallows::interrupt {

/// Installs the handlers; once, at the start of a command that can take long.
void install();
/// The signal that asked for a stop; 0 if none did.
int requested();

/// Thrown where such a signal stops something that leaves nothing behind: caught by main(), or where other
/// results stay.
class Stopped : public std::exception {
 public:
  const char* what() const noexcept override { return "stopped; nothing was written"; }
};

}  // namespace shallows::interrupt
