#include "output/h5/disk/background_writer.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <new>
#include <string>
#include <system_error>
#include <utility>

namespace shallows::h5 {
namespace {

constexpr std::size_t page = 4096;  // enough for the disks of today, which want whole sectors
constexpr std::size_t huge_page = std::size_t{2} << 20;
constexpr std::size_t least_piece = std::size_t{256} << 10;
constexpr std::size_t most_piece = std::size_t{1} << 20;
constexpr std::size_t most_batch = std::size_t{4} << 20;
constexpr std::size_t batches = 4;

/// 0, or errno of what failed.
int write_all(int fd, const std::byte* bytes, std::size_t size, std::uint64_t offset) {
  while (size > 0) {
    const ssize_t written = pwrite(fd, bytes, size, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written < 0 ? errno : ENOSPC;
    bytes += written;
    size -= static_cast<std::size_t>(written);
    offset += static_cast<std::uint64_t>(written);
  }
  return 0;
}

}  // namespace

std::unique_ptr<BackgroundWriter> BackgroundWriter::start(int fd) {
#ifdef O_DIRECT
  // The same file, whatever it is called by now.
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  const int direct_fd = ::open(path.c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC);
  if (direct_fd < 0) return nullptr;
  try {
    return std::unique_ptr<BackgroundWriter>(new BackgroundWriter(fd, direct_fd));
  } catch (const std::exception&) {  // no more threads or memory
    ::close(direct_fd);
  }
#else
  static_cast<void>(fd);
#endif
  return nullptr;
}

BackgroundWriter::BackgroundWriter(int fd, int direct_fd) : fd_(fd), direct_fd_(direct_fd) {
  for (std::size_t i = 0; i < batches; ++i) spare_.push_back(allocate());
  thread_ = std::thread([this] { run(); });
}

BackgroundWriter::~BackgroundWriter() {
  enqueue();
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
  ::close(direct_fd_);
}

bool BackgroundWriter::takes(std::uint64_t offset, std::size_t size) {
  return size >= least_piece && size <= most_piece && offset % page == 0 && size % page == 0;
}

BackgroundWriter::Buffer BackgroundWriter::allocate() {
  Buffer buffer(static_cast<std::byte*>(std::aligned_alloc(huge_page, most_batch)));
  if (!buffer) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
  // The disk reads them faster than a thousand small ones. A hint.
  madvise(buffer.get(), most_batch, MADV_HUGEPAGE);
#endif
  return buffer;
}

BackgroundWriter::Buffer BackgroundWriter::spare_buffer() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !spare_.empty() || error_ != 0; });
  if (spare_.empty()) return allocate();
  Buffer buffer = std::move(spare_.back());
  spare_.pop_back();
  return buffer;
}

void BackgroundWriter::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  assert(takes(offset, bytes.size()));
  if (offset != open_.offset + open_.size || open_.size + bytes.size() > most_batch) enqueue();
  if (!open_.buffer) open_ = {offset, 0, spare_buffer()};
  std::copy(bytes.begin(), bytes.end(), open_.buffer.get() + open_.size);
  open_.size += bytes.size();
}

void BackgroundWriter::enqueue() {
  if (!open_.buffer) return;
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::exchange(open_, {}));
  }
  changed_.notify_all();
}

bool BackgroundWriter::pending(std::uint64_t offset, std::size_t size) {
  const std::lock_guard lock(mutex_);
  return open_.overlaps(offset, size) || std::any_of(queue_.begin(), queue_.end(), [&](const Batch& batch) {
           return batch.overlaps(offset, size);
         });
}

void BackgroundWriter::wait() {
  enqueue();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return queue_.empty() || error_ != 0; });
}

int BackgroundWriter::error() {
  const std::lock_guard lock(mutex_);
  return error_;
}

bool BackgroundWriter::useless() {
  const std::lock_guard lock(mutex_);
  return useless_;
}

std::vector<BackgroundWriter::Piece> BackgroundWriter::lost() {
  const std::lock_guard lock(mutex_);
  std::vector<Piece> pieces;
  if (error_ == 0) return pieces;
  for (const Batch& batch : queue_)
    pieces.push_back({batch.offset, {batch.buffer.get(), batch.buffer.get() + batch.size}});
  queue_.clear();
  return pieces;
}

void BackgroundWriter::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return ended_ || (error_ == 0 && !queue_.empty()); });
    if (error_ != 0 || queue_.empty()) return;
    // Others only append, which leaves a deque's first element where it is.
    const Batch& batch = queue_.front();
    lock.unlock();
    bool useless = false;
    const int error = write_batch(batch, useless);
    lock.lock();
    error_ = error;
    useless_ = useless_ || useless;
    if (error == 0) {
      spare_.push_back(std::move(queue_.front().buffer));
      queue_.pop_front();
    }
    changed_.notify_all();
  }
}

int BackgroundWriter::write_batch(const Batch& batch, bool& useless) const {
  if (write_all(direct_fd_, batch.buffer.get(), batch.size, batch.offset) == 0) return 0;
  // The disk may want larger pages than ours; and near a limit only this way says what is wrong.
  useless = true;
  return write_all(fd_, batch.buffer.get(), batch.size, batch.offset);
}

}  // namespace shallows::h5
