#include "experiments/run/interrupt.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <string_view>

namespace shallows::interrupt {
namespace {

std::atomic<int> requested_signal = 0;
static_assert(std::atomic<int>::is_always_lock_free);  // or it could not be used in a handler

void handle(int signal) {
  if (requested_signal != 0) _exit(128 + signal);
  requested_signal = signal;
  constexpr std::string_view kPressed = "\nstopping after this image; press Ctrl-C again to stop at once\n";
  constexpr std::string_view kSent = "\nstopping after this image; send the signal again to stop at once\n";
  const std::string_view message = signal == SIGINT ? kPressed : kSent;
  [[maybe_unused]] const auto written = write(STDERR_FILENO, message.data(), message.size());
}

}  // namespace

void install() {
  struct sigaction action {};
  action.sa_handler = handle;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int requested() { return requested_signal; }

}  // namespace shallows::interrupt
