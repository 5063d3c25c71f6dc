#include "output/h5/disk/system_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "sim/core/error.hpp"

namespace shallows::h5 {
namespace {

std::string advice_for(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "free some space or write to another place";
    case EFBIG:
      return "lift the limit on file sizes (ulimit -f) or write to another file system";
    case ENOENT:
    case ENOTDIR:
      return "create the directory first or write to another one";
    case EACCES:
    case EPERM:
    case EROFS:
      return "change the permissions or write to another place";
    case EISDIR:
      return "give the name of a file";
    default:
      return "check the disk or write to another place";
  }
}

/// Whether the name still leads to the open file: another process may have renamed or removed it since.
bool still_named(int fd, const std::string& path) {
  struct stat opened {};
  struct stat named {};
  return fstat(fd, &opened) == 0 && stat(path.c_str(), &named) == 0 && opened.st_dev == named.st_dev &&
         opened.st_ino == named.st_ino;
}

}  // namespace

std::string write_failure(const std::string& path, int error) {
  return fmt::format("can't write {} ({}); {}", path, std::generic_category().message(error),
                     advice_for(error));
}

std::optional<int> open_exclusively(const std::string& path, int flags) {
  while (true) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC | flags, 0666);
    if (fd < 0) throw Error(ErrorKind::data, write_failure(path, errno));
    const bool is_locked = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (!is_locked && still_named(fd, path)) return fd;
    ::close(fd);
    if (is_locked) return std::nullopt;
  }
}

}  // namespace shallows::h5
