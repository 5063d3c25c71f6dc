// Large writes that a program need not wait for.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

namespace shallows::h5 {

/// Brings large aligned pieces to the disk past the system's page cache, joined to batches of a few
/// megabytes. Copying them into fresh pages of the cache costs more than all else in a recording, and pushes
/// out what other programs need. Past the cache a write lasts until the disk has it, so a thread does it,
/// which sleeps meanwhile. For use by one thread.
class BackgroundWriter {
 public:
  struct Piece {
    std::uint64_t offset;
    std::vector<std::byte> bytes;
  };

  /// On the file that is open for writing as `fd`, which must stay open. Null if the system has no such
  /// access to it, or no thread or memory for it.
  static std::unique_ptr<BackgroundWriter> start(int fd);
  /// Waits until all is written.
  ~BackgroundWriter();
  BackgroundWriter(BackgroundWriter&&) = delete;
  BackgroundWriter& operator=(BackgroundWriter&&) = delete;

  /// Whether it is worth it and possible.
  static bool takes(std::uint64_t offset, std::size_t size);
  /// Copies the bytes, in bounded memory: waits if the disk is far behind (not after an error: ask for it
  /// before). For what it takes only.
  void write(std::uint64_t offset, std::span<const std::byte> bytes);
  /// Whether a part of this range is still to be written.
  bool pending(std::uint64_t offset, std::size_t size);
  /// Until nothing is, or a write failed.
  void wait();

  /// errno of the first write that failed; 0 if none did.
  int error();
  /// Whether a write had to go through the page cache after all: then this writer is of no use.
  bool useless();
  /// After an error and wait(): what did not get to the file.
  std::vector<Piece> lost();

 private:
  struct Free {
    void operator()(std::byte* bytes) const { std::free(bytes); }
  };
  using Buffer = std::unique_ptr<std::byte, Free>;
  struct Batch {
    std::uint64_t offset = 0;
    std::size_t size = 0;
    Buffer buffer = nullptr;

    bool overlaps(std::uint64_t other, std::size_t other_size) const {
      return offset < other + other_size && other < offset + size;
    }
  };

  BackgroundWriter(int fd, int direct_fd);
  static Buffer allocate();
  Buffer spare_buffer();
  void enqueue();
  void run();
  int write_batch(const Batch& batch, bool& useless) const;

  int fd_;
  int direct_fd_;
  Batch open_;  // grows; the thread does not know of it
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> queue_;  // the first one is being written
  std::vector<Buffer> spare_;
  int error_ = 0;
  bool useless_ = false;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace shallows::h5
