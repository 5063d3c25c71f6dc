// The file under HDF5, as an object that HDF5 can't break.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace shallows::h5 {

/// HDF5 1.10 leaks, prints or crashes when a write fails below it, most of all while closing. So a write
/// never fails here: the first error is kept for error(), and from then on writes are kept in memory, where
/// reads find them. The owner asks error() after every operation and gives the file up; what is kept is what
/// HDF5 had in its caches, a few megabytes.
class Descriptor {
 public:
  /// Opens for writing, locks and empties the file. Throws Error (data).
  static Descriptor create(const std::string& path);
  /// Throws Error (data).
  static Descriptor open(const std::string& path);

  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor();

  std::uint64_t size() const { return size_; }
  std::uint64_t device() const { return device_; }
  std::uint64_t inode() const { return inode_; }

  void write(std::uint64_t offset, std::span<const std::byte> bytes);
  /// Bytes past the end are zero. False after an error of the system.
  bool read(std::uint64_t offset, std::span<std::byte> bytes);
  void truncate(std::uint64_t size);
  /// To the disk.
  void sync();

  /// errno of the first write, truncation or sync that failed; 0 if none did.
  int error() const { return error_; }
  /// errno of the last read that failed; 0 if none did.
  int read_error() const { return read_error_; }

 private:
  struct LostWrite {
    std::uint64_t offset;
    std::vector<std::byte> bytes;
  };

  Descriptor(int fd, const std::string& path);

  void start_write_back();

  int fd_;
  std::uint64_t size_ = 0;
  std::uint64_t device_ = 0;
  std::uint64_t inode_ = 0;
  int error_ = 0;
  int read_error_ = 0;
  std::vector<LostWrite> lost_writes_;
  std::uint64_t write_back_end_ = 0;  // the disk has been asked to write what lies before
};

/// "<problem> (<why>); <suggestion>" for a write to `path` that failed with `error`, an errno.
std::string write_failure(const std::string& path, int error);

}  // namespace shallows::h5
