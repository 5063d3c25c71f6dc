// Files as the operating system gives them: opened for one process alone, and what a failed write means.
#pragma once

#include <optional>
#include <string>

namespace shallows::h5 {

/// Opens for reading and writing, and locks until it is closed; nothing if another process has the lock. Some
/// network file systems have no locks; there nobody has. Throws Error (data) if it can't be opened.
std::optional<int> open_exclusively(const std::string& path, int flags);

/// "<problem> (<why>); <suggestion>" for a write to `path` that failed with `error`, an errno.
std::string write_failure(const std::string& path, int error);

}  // namespace shallows::h5
