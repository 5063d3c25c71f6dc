// How far a long command is: a bar on a terminal, a line every ten seconds elsewhere. Always on stderr.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace shallows {

enum class Verbosity { normal, quiet };

class Progress {
 public:
  /// `what` starts the line, e.g. "train"; `done` of `total` images (or another unit) are there already.
  Progress(std::string what, std::uint64_t done, std::uint64_t total, Verbosity verbosity,
           std::string unit = "images");
  /// Ends the bar's line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// May be called often; prints when it is time to. `note` ends the line.
  void update(std::uint64_t done, std::string_view note = {});

 private:
  using Clock = std::chrono::steady_clock;

  void print(std::string_view note);

  std::string what_;
  std::string unit_;
  std::uint64_t first_;
  std::uint64_t done_;
  std::uint64_t total_;
  Verbosity verbosity_;
  bool terminal_;
  bool on_line_ = false;
  Clock::time_point start_;
  Clock::time_point printed_;
};

/// "1:02:03", "4:05" or "12 s".
std::string format_duration(double seconds);

}  // namespace shallows
