// How many threads the program uses.
#pragma once

#include <cstdint>
#include <memory>

namespace shallows {

/// Keeps TBB to `threads` while it lives; 0: as many as the machine has.
class ThreadLimit {
 public:
  explicit ThreadLimit(std::uint64_t threads);
  ~ThreadLimit();
  /// In use.
  std::uint64_t threads() const { return threads_; }

 private:
  struct Control;
  std::uint64_t threads_;
  std::unique_ptr<Control> control_;
};

}  // namespace shallows
