// Keeps two commands from writing one result, and a result from being written over by another one.
#pragma once

#include <memory>
#include <string>
#include <utility>

namespace shallows {

/// The right to write NAME and what lies beside it (NAME.part, NAME.checkpoint, NAME.recording), from before
/// a command looks whether NAME is there until it has written it: a lock on NAME.lock, which the destructor
/// removes. A NAME.lock of a killed program claims nothing.
class OutputClaim {
 public:
  /// Throws Error (data) if another command has it.
  explicit OutputClaim(const std::string& name);
  /// Null if another command has it.
  static std::unique_ptr<OutputClaim> if_free(const std::string& name);
  ~OutputClaim();
  OutputClaim(OutputClaim&&) = delete;
  OutputClaim& operator=(OutputClaim&&) = delete;

 private:
  OutputClaim(std::string lock, int fd) : lock_(std::move(lock)), fd_(fd) {}

  std::string lock_;
  int fd_ = -1;
};

/// Gives the file another name, NAME.bak or, if that is taken, NAME.bak2 and so on, and returns it. Throws
/// Error (data).
[[nodiscard]] std::string keep_as_backup(const std::string& name);

}  // namespace shallows
