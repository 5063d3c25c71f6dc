// Ctrl-C and SIGTERM: the first one asks the run to stop at the next image and keep everything, the second
// one ends the program at once.
#pragma once

namespace shallows::interrupt {

/// Installs the handlers; once, at the start of a command that can take long.
void install();
/// The signal that asked for a stop; 0 if none did.
int requested();

}  // namespace shallows::interrupt
