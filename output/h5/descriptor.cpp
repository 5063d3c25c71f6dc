#include "output/h5/descriptor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "output/h5/system_file.hpp"
#include "sim/core/error.hpp"

namespace shallows::h5 {
namespace {

#ifdef SYNC_FILE_RANGE_WRITE
constexpr std::uint64_t write_back_size = std::uint64_t{8} << 20;
#endif

std::string text_of(int error) { return std::generic_category().message(error); }

/// As HDF5 stores {id, settled}.
constexpr std::size_t stamp_size = 16;

std::array<std::byte, stamp_size> encoded(const Stamp& stamp) {
  std::array<std::byte, stamp_size> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::byte>((i < 8 ? stamp.id : stamp.settled) >> (i % 8 * 8));
  return bytes;
}

Stamp decoded(std::uint64_t place, std::span<const std::byte, stamp_size> bytes) {
  Stamp stamp{.place = place};
  for (std::size_t i = 0; i < bytes.size(); ++i)
    (i < 8 ? stamp.id : stamp.settled) |= static_cast<std::uint64_t>(bytes[i]) << (i % 8 * 8);
  return stamp;
}

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

Descriptor Descriptor::restore(const std::string& path, const Snapshot& snapshot) {
  Descriptor descriptor = open_locked(path, 0);
  descriptor.require_fitting(path, snapshot);
  descriptor.truncate(snapshot.size);
  const auto bytes = std::as_bytes(std::span(snapshot.bytes));
  for (std::size_t i = 0; i < snapshot.pages.size(); ++i) {
    const std::uint64_t offset = snapshot.pages[i] * Overlay::page_size;
    if (offset >= snapshot.size) break;
    const auto page = bytes.subspan(i * Overlay::page_size, Overlay::page_size);
    descriptor.write(offset, page.first(std::min(Overlay::page_size, snapshot.size - offset)));
  }
  descriptor.set_stamp(snapshot.stamp);
  descriptor.write_stamp();
  descriptor.settled_ = snapshot.size;
  if (descriptor.error() != 0) throw Error(ErrorKind::data, write_failure(path, descriptor.error()));
  return descriptor;
}

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

Descriptor::Descriptor(int fd, const std::string& path) : fd_(fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0) {
    const int error = errno;
    ::close(fd);
    throw Error(ErrorKind::data, fmt::format("can't open {} ({}); check the disk", path, text_of(error)));
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
  device_ = static_cast<std::uint64_t>(status.st_dev);
  inode_ = static_cast<std::uint64_t>(status.st_ino);
  write_back_end_ = size_;
}

Descriptor::Descriptor(Descriptor&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      size_(other.size_),
      device_(other.device_),
      inode_(other.inode_),
      error_(other.error_),
      read_error_(other.read_error_),
      lost_writes_(std::move(other.lost_writes_)),
      background_(std::move(other.background_)),
      background_started_(other.background_started_),
      settled_(other.settled_),
      overlay_(std::move(other.overlay_)),
      stamp_(other.stamp_),
      write_back_end_(other.write_back_end_) {}

Descriptor::~Descriptor() {
  background_.reset();
  if (fd_ >= 0) ::close(fd_);
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
    const ssize_t written = pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
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
    background_ = BackgroundWriter::start(fd_);
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
  sync_file_range(fd_, static_cast<off64_t>(write_back_end_), static_cast<off64_t>(size_ - write_back_end_),
                  SYNC_FILE_RANGE_WRITE);
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
        pread(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
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
  while (error_ == 0 && ftruncate(fd_, static_cast<off_t>(size_)) != 0) {
    if (errno != EINTR) error_ = errno;
  }
}

void Descriptor::sync() {
  finish_background();
  while (error_ == 0 && fsync(fd_) != 0) {
    if (errno != EINTR) error_ = errno;
  }
}

Snapshot Descriptor::snapshot() {
  sync();
  // Read, because the last page goes on in the file where the settled part ends.
  return snapshot_of(size_,
                     [&](std::uint64_t offset, std::span<std::byte> page) { return read(offset, page); });
}

Snapshot Descriptor::settled_snapshot() {
  return snapshot_of(settled_, [&](std::uint64_t offset, std::span<std::byte> page) {
    return read_from_file(offset, page);
  });
}

Snapshot Descriptor::snapshot_of(std::uint64_t size, const Overlay::Load& load) {
  Snapshot snapshot{.size = size, .stamp = stamp_};
  ++snapshot.stamp.settled;
  for (const auto& kept : overlay_.pages()) {
    snapshot.pages.push_back(kept.first);
    snapshot.bytes.resize(snapshot.bytes.size() + Overlay::page_size);
    const auto page = std::as_writable_bytes(std::span(snapshot.bytes)).last(Overlay::page_size);
    if (!load(kept.first * Overlay::page_size, page) && error_ == 0) error_ = read_error_;
  }
  return snapshot;
}

/// A snapshot has the pages that changed since the one before it: it fits the file as that one left it, and
/// from the first page on that its own settling writes.
void Descriptor::require_fitting(const std::string& path, const Snapshot& snapshot) {
  const auto refuse = [&](const char* why) {
    throw Error(
        ErrorKind::checkpoint,
        fmt::format("can't go on with {} ({}); put the file back that the checkpoint belongs to, or begin "
                    "anew",
                    path, why));
  };
  if (size() < snapshot.size) refuse("it is shorter than it was");
  const Stamp& wanted = snapshot.stamp;
  if (wanted.place == 0) return;
  std::byte bytes[stamp_size];
  if (!read_from_file(wanted.place, bytes)) {
    throw Error(ErrorKind::data,
                fmt::format("can't read {} ({}); check the disk", path, text_of(read_error_)));
  }
  const Stamp found = decoded(wanted.place, bytes);
  if (found.id != wanted.id) refuse("it belongs to another run");
  if (found.settled != wanted.settled && found.settled + 1 != wanted.settled)
    refuse("it belongs to another checkpoint of this run");
}

void Descriptor::set_stamp(const Stamp& stamp) { stamp_ = stamp; }

/// At once, and into what is kept of its page.
void Descriptor::write_stamp() {
  if (stamp_.place == 0) return;
  const auto bytes = encoded(stamp_);
  overlay_.patch(stamp_.place, bytes);
  write_to_file(stamp_.place, bytes);
}

void Descriptor::settle() {
  ++stamp_.settled;
  write_stamp();
  for (const auto& [number, page] : overlay_.pages()) {
    const std::uint64_t offset = number * Overlay::page_size;
    write_to_file(offset, std::span(page).first(std::min(Overlay::page_size, settled_ - offset)));
  }
  overlay_.clear();
  settled_ = size_;
}

void Descriptor::revert() {
  finish_background();
  overlay_.clear();
  lost_writes_.clear();
  error_ = 0;
  truncate(settled_);
}

}  // namespace shallows::h5
