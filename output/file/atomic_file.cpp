#include "output/file/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "output/h5/disk/system_file.hpp"
#include "sim/core/error.hpp"

namespace shallows {
namespace {

namespace fs = std::filesystem;

void refuse_what_is_no_file(const std::string& name) {
  std::error_code error;
  const fs::file_status status = fs::status(name, error);
  if (!fs::exists(status) || fs::is_regular_file(status)) return;
  throw Error(ErrorKind::data, fmt::format("can't write {} (it is {}); give the name of a file", name,
                                           fs::is_directory(status) ? "a directory" : "not a regular file"));
}

}  // namespace

void sync_directory_of(const std::string& path) {
  const fs::path parent = fs::path(path).parent_path();
  const int fd = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  ::close(fd);
}

void rename_to(const std::string& from, const std::string& name) {
  // A directory may have taken the name meanwhile; rename() says so.
  if (std::rename(from.c_str(), name.c_str()) != 0) {
    throw Error(ErrorKind::data, h5::write_failure(name, errno));
  }
  sync_directory_of(name);
}

AtomicFile::AtomicFile(std::string name) : name_(std::move(name)), part_(name_ + ".part") {
  if (name_.empty()) {
    throw Error(ErrorKind::data, "can't write a file without a name (it is empty); give one");
  }
  refuse_what_is_no_file(name_);
  refuse_what_is_no_file(part_);
  file_.emplace(h5::File::create(part_));
}

AtomicFile::~AtomicFile() {
  // Removed before it is closed, that is, still under its lock: afterwards it could be another program's.
  if (!finished_) std::remove(part_.c_str());
}

void AtomicFile::commit() {
  file_->close();
  rename_to(part_, name_);
  finished_ = true;
  file_.reset();
}

}  // namespace shallows
