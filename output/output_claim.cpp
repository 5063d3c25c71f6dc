#include "output/output_claim.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "output/atomic_file.hpp"
#include "output/h5/descriptor.hpp"
#include "sim/error.hpp"

namespace shallows {
namespace {

/// Whether `path` still names the open file: whoever had it before may have removed it meanwhile.
bool still_named(int fd, const std::string& path) {
  struct stat opened {};
  struct stat named {};
  return fstat(fd, &opened) == 0 && stat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino;
}

}  // namespace

OutputClaim::OutputClaim(const std::string& name) : lock_(name + ".lock") {
  while (true) {
    fd_ = ::open(lock_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd_ < 0) throw Error(ErrorKind::data, h5::write_failure(lock_, errno));
    // Some network file systems have no locks; there the check is simply left out.
    if (flock(fd_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      ::close(fd_);
      throw Error(
          ErrorKind::data,
          fmt::format("can't write '{}' (another shallows is writing it and holds '{}'); wait for it, "
                      "or choose another file with -o",
                      name, lock_));
    }
    if (still_named(fd_, lock_)) return;
    ::close(fd_);
  }
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
