#include "output/h5/disk/descriptor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "output/h5/disk/system_file.hpp"
#include "sim/core/error.hpp"

namespace shallows::h5 {
namespace {

#ifdef SYNC_FILE_RANGE_WRITE
constexpr std::uint64_t write_back_size = std::uint64_t{8} << 20;
#endif

std::string text_of(int error) { return std::generic_category().message(error); }

}  // namespace

Descriptor Descriptor::open_locked(const std::string& path, int flags) {
  const std::optional<int> fd = open_exclusively(path, flags);
  if (fd) return {*fd, path};
  throw Error(ErrorKind::data, fmt::format("can't write {} (another process is writing it); wait for it "
                                           "or write to another file",
                                           path));
}

Descriptor Descriptor::create(const std::string& path) {
  Descriptor descriptor = open_locked(path, O_CREAT);
  descriptor.truncate(0);
  if (descriptor.error() != 0) throw Error(ErrorKind::data, write_failure(path, descriptor.error()));
  return descriptor;
}

Descriptor Descriptor::lock(const std::string& path) { return open_locked(path, 0); }

Descriptor Descriptor::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    throw Error(ErrorKind::data,
                fmt::format("can't open {} ({}); check the name and the permissions", path, text_of(errno)));
  }
  Descriptor descriptor(fd, path);
  struct stat status {};
  if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
    throw Error(ErrorKind::data,
                fmt::format("can't open {} (it is a directory); give the name of a file", path));
  }
  if (descriptor.size() == 0) {
    throw Error(ErrorKind::data, fmt::format("can't read {} (it is empty); the program that wrote it was "
                                             "stopped or its disk was full, so write it anew",
                                             path));
  }
  return descriptor;
}

Descriptor::Number::Number(Number&& other) noexcept : value(std::exchange(other.value, -1)) {}

Descriptor::Number::~Number() {
  if (value >= 0) ::close(value);
}

Descriptor::Descriptor(int fd, const std::string& path) : fd_(fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0)
    throw Error(ErrorKind::data, fmt::format("can't open {} ({}); check the disk", path, text_of(errno)));
  size_ = static_cast<std::uint64_t>(status.st_size);
  device_ = static_cast<std::uint64_t>(status.st_dev);
  inode_ = static_cast<std::uint64_t>(status.st_ino);
  write_back_end_ = size_;
}

void Descriptor::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  size_ = std::max(size_, offset + bytes.size());
  if (offset < settled_) {
    const auto kept = bytes.first(std::min<std::uint64_t>(bytes.size(), settled_ - offset));
    const auto load = [&](std::uint64_t from, std::span<std::byte> page) {
      return read_from_file(from, page);
    };
    if (!overlay_.write(offset, kept, load) && error_ == 0) error_ = read_error_;
    offset += kept.size();
    bytes = bytes.subspan(kept.size());
  }
  write_to_file(offset, bytes);
}

void Descriptor::write_to_file(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (write_in_background(offset, bytes)) return;
  while (!bytes.empty() && error_ == 0) {
    const ssize_t written = pwrite(fd_.value, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      error_ = written < 0 ? errno : ENOSPC;
      break;
    }
    offset += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  if (!bytes.empty()) lost_writes_.push_back({offset, {bytes.begin(), bytes.end()}});
  start_write_back();
}

bool Descriptor::write_in_background(std::uint64_t offset, std::span<const std::byte> bytes) {
  const bool wanted = error_ == 0 && BackgroundWriter::takes(offset, bytes.size());
  if (wanted && !background_started_) {
    background_ = BackgroundWriter::start(fd_.value);
    background_started_ = true;
  }
  if (!background_) return false;
  if (background_->error() != 0 || background_->useless() ||
      (!wanted && background_->pending(offset, bytes.size())))
    finish_background();
  if (!wanted || error_ != 0 || !background_) return false;
  background_->write(offset, bytes);
  return true;
}

void Descriptor::finish_background() {
  if (!background_) return;
  background_->wait();
  if (background_->error() == 0) {
    if (background_->useless()) background_.reset();
    return;
  }
  if (error_ == 0) error_ = background_->error();
  for (BackgroundWriter::Piece& piece : background_->lost()) lost_writes_.push_back(std::move(piece));
  background_.reset();
}

/// Left alone, Linux keeps what is appended in memory until sync() waits for all of it. Asked now and then,
/// the disk writes while the program computes, which halves what a recording costs. A hint: errors show in
/// sync().
void Descriptor::start_write_back() {
#ifdef SYNC_FILE_RANGE_WRITE
  if (size_ < write_back_end_ + write_back_size || error_ != 0) return;
  sync_file_range(fd_.value, static_cast<off64_t>(write_back_end_),
                  static_cast<off64_t>(size_ - write_back_end_), SYNC_FILE_RANGE_WRITE);
  write_back_end_ = size_;
#endif
}

bool Descriptor::read(std::uint64_t offset, std::span<std::byte> bytes) {
  if (!read_from_file(offset, bytes)) return false;
  if (offset < settled_)
    overlay_.read(offset, bytes.first(std::min<std::uint64_t>(bytes.size(), settled_ - offset)));
  return true;
}

bool Descriptor::read_from_file(std::uint64_t offset, std::span<std::byte> bytes) {
  if (background_ && background_->pending(offset, bytes.size())) finish_background();
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got =
        pread(fd_.value, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      read_error_ = errno;
      return false;
    }
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(done), bytes.end(), std::byte{0});
  for (const BackgroundWriter::Piece& lost : lost_writes_) {
    const std::uint64_t begin = std::max(offset, lost.offset);
    const std::uint64_t end = std::min(offset + bytes.size(), lost.offset + lost.bytes.size());
    if (begin < end)
      std::copy_n(lost.bytes.data() + (begin - lost.offset), end - begin, &bytes[begin - offset]);
  }
  return true;
}

void Descriptor::truncate(std::uint64_t size) {
  finish_background();
  size_ = std::max(size, settled_);
  write_back_end_ = std::min(write_back_end_, size_);
  while (error_ == 0 && ftruncate(fd_.value, static_cast<off_t>(size_)) != 0) {
    if (errno != EINTR) error_ = errno;
  }
}

void Descriptor::sync() {
  finish_background();
  while (error_ == 0 && fsync(fd_.value) != 0) {
    if (errno != EINTR) error_ = errno;
  }
}

}  // namespace shallows::h5
