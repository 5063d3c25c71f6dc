// The file under HDF5, as an object that HDF5 can't break.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "output/h5/disk/background_writer.hpp"
#include "output/h5/disk/overlay.hpp"
#include "output/h5/h5.hpp"

namespace shallows::h5 {

/// HDF5 1.10 leaks, prints or crashes when a write fails below it, most of all while closing. So a write
/// never fails here: the first error is kept for error(), and from then on writes are kept in memory, where
/// reads find them. The owner asks error() after every operation and gives the file up; what is kept is what
/// HDF5 had in its caches and what the background writer had not written, some 20 megabytes.
///
/// What was settled is safe from the writes that follow: up to the size that the file then had it changes on
/// the disk at settle() only; what is written there before stays in memory. Beyond, the file simply grows.
class Descriptor {
 public:
  /// Opens for writing, locks and empties the file. Throws Error (data).
  static Descriptor create(const std::string& path);
  /// Opens for writing, locks and brings the file back to a snapshot of it, which is then settled. Throws
  /// Error (data), and Error (checkpoint) if the two don't belong together.
  static Descriptor restore(const std::string& path, const Snapshot& snapshot);
  /// Throws Error (data).
  static Descriptor open(const std::string& path);
  /// Opens for writing, locks and changes nothing. Throws Error (data).
  static Descriptor lock(const std::string& path);

  std::uint64_t size() const { return size_; }
  std::uint64_t device() const { return device_; }
  std::uint64_t inode() const { return inode_; }

  void write(std::uint64_t offset, std::span<const std::byte> bytes);
  /// Bytes past the end are zero. False after an error of the system.
  bool read(std::uint64_t offset, std::span<std::byte> bytes);
  /// What is settled stays, though it may lie past the end.
  void truncate(std::uint64_t size);
  /// To the disk.
  void sync();

  /// Whatever is written, settled or not, from now on: restore() with this makes the file what it is now.
  /// That is on the disk but for what the snapshot holds.
  Snapshot snapshot();
  /// The same for the file as it was when it was settled last.
  Snapshot settled_snapshot();
  /// Writes what was kept in memory to the file, all of which is settled from now on.
  void settle();
  /// Forgets what was written since the last settle().
  void revert();
  /// The 16 bytes at stamp.place, which are in the file already, are the file's stamp from now on.
  void set_stamp(const Stamp& stamp);

  /// errno of the first write, truncation or sync that failed; 0 if none did.
  int error() const { return error_; }
  /// errno of the last read that failed; 0 if none did.
  int read_error() const { return read_error_; }

 private:
  /// That of an open file, which it closes.
  struct Number {
    explicit Number(int number) : value(number) {}
    Number(Number&& other) noexcept;
    ~Number();
    int value;
  };

  Descriptor(int fd, const std::string& path);

  static Descriptor open_locked(const std::string& path, int flags);
  void require_fitting(const std::string& path, const Snapshot& snapshot);
  void write_stamp();
  void write_to_file(std::uint64_t offset, std::span<const std::byte> bytes);
  bool read_from_file(std::uint64_t offset, std::span<std::byte> bytes);
  Snapshot snapshot_of(std::uint64_t size, const Overlay::Load& load);
  bool write_in_background(std::uint64_t offset, std::span<const std::byte> bytes);
  void finish_background();
  void start_write_back();

  Number fd_;  // first, so that it is closed last
  std::uint64_t size_ = 0;
  std::uint64_t device_ = 0;
  std::uint64_t inode_ = 0;
  int error_ = 0;
  int read_error_ = 0;
  std::vector<BackgroundWriter::Piece> lost_writes_;
  std::unique_ptr<BackgroundWriter> background_;
  bool background_started_ = false;  // or tried to
  std::uint64_t settled_ = 0;
  Overlay overlay_;  // of what is settled
  Stamp stamp_;
  std::uint64_t write_back_end_ = 0;  // the disk has been asked to write what lies before
};

}  // namespace shallows::h5
