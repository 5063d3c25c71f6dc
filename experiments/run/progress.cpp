#include "experiments/run/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace shallows {
namespace {

constexpr std::size_t kBarWidth = 24;
constexpr std::chrono::milliseconds kTerminalInterval{200};
constexpr std::chrono::seconds kLineInterval{10};

}  // namespace

Progress::Progress(std::string what, std::uint64_t done, std::uint64_t total, Verbosity verbosity,
                   std::string unit)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      first_(done),
      done_(done),
      total_(total),
      verbosity_(verbosity),
      terminal_(isatty(STDERR_FILENO) != 0),
      start_(Clock::now()),
      printed_(start_) {}

Progress::~Progress() {
  if (on_line_) std::fputc('\n', stderr);
}

void Progress::update(std::uint64_t done, std::string_view note) {
  done_ = done;
  if (verbosity_ == Verbosity::quiet) return;
  const auto now = Clock::now();
  const auto since = now - printed_;
  const bool last = done == total_;
  if (terminal_ ? since < kTerminalInterval && !last : since < kLineInterval) return;
  printed_ = now;
  print(note);
}

void Progress::print(std::string_view note) {
  const double seconds = std::chrono::duration<double>(printed_ - start_).count();
  const double rate = seconds > 0.0 ? static_cast<double>(done_ - first_) / seconds : 0.0;
  const double left = rate > 0.0 ? static_cast<double>(total_ - done_) / rate : 0.0;
  const double share = total_ > 0 ? static_cast<double>(done_) / static_cast<double>(total_) : 1.0;
  const std::string figures =
      fmt::format("{:3.0f} %  {} of {} {}  {:.0f} {}/s  {} left{}{}", 100.0 * share, done_, total_, unit_,
                  rate, unit_, format_duration(left), note.empty() ? "" : "  ", note);
  std::string line;
  if (terminal_) {
    const auto filled = static_cast<std::size_t>(share * static_cast<double>(kBarWidth));
    std::string bar(kBarWidth, ' ');
    std::fill_n(bar.begin(), std::min(filled, kBarWidth), '#');
    line = fmt::format("\r{} [{}] {}\033[K", what_, bar, figures);
    on_line_ = true;
  } else {
    line = fmt::format("{} {}\n", what_, figures);
  }
  std::fputs(line.c_str(), stderr);  // does not throw: a log on a full disk must not end a run
  std::fflush(stderr);
}

std::string format_duration(double seconds) {
  const auto whole = static_cast<std::uint64_t>(seconds + 0.5);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace shallows
