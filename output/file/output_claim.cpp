#include "output/file/output_claim.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "output/file/atomic_file.hpp"
#include "output/h5/disk/system_file.hpp"
#include "sim/core/error.hpp"

namespace shallows {

OutputClaim::OutputClaim(const std::string& name) : lock_(name + ".lock") {
  const std::optional<int> fd = h5::open_exclusively(lock_, O_CREAT);
  if (!fd) {
    throw Error(
        ErrorKind::data,
        fmt::format("can't write '{}' (another shallows is writing it and holds '{}'); wait for it, or "
                    "choose another file",
                    name, lock_));
  }
  fd_ = *fd;
}

std::unique_ptr<OutputClaim> OutputClaim::if_free(const std::string& name) {
  std::string lock = name + ".lock";
  const std::optional<int> fd = h5::open_exclusively(lock, O_CREAT);
  if (!fd) return nullptr;
  return std::unique_ptr<OutputClaim>(new OutputClaim(std::move(lock), *fd));
}

OutputClaim::~OutputClaim() {
  // Removed while it is locked: afterwards it could be another program's.
  ::unlink(lock_.c_str());
  ::close(fd_);
}

std::string keep_as_backup(const std::string& name) {
  std::string backup = name + ".bak";
  for (int number = 2; std::filesystem::exists(backup); ++number)
    backup = fmt::format("{}.bak{}", name, number);
  rename_to(name, backup);
  return backup;
}

}  // namespace shallows
