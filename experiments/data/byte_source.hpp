// The bytes of a plain or gzip-compressed file, one after the other.
#pragma once

#include <cstdint>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace shallows {

/// Opens the file and finds out from its first two bytes whether it is compressed. Every failure (missing,
/// not a regular file, unreadable, damaged or truncated gzip stream, foreign bytes after it) throws Error
/// (data) that names the file.
class ByteSource {
 public:
  explicit ByteSource(std::string path);
  ~ByteSource();
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  const std::string& path() const { return path_; }

  /// No more than this comes out of the file: its size, or what that can decompress to at the very most.
  std::uint64_t most_bytes() const { return most_bytes_; }

  /// Fills `out` as far as there are bytes; returns how many there were. The end of a compressed stream is
  /// reached, and its check sum compared, only when a call returns less than it was asked for.
  std::size_t read(std::span<std::uint8_t> out);

 private:
  struct Inflater;

  std::size_t read_file(std::span<std::uint8_t> out);
  std::size_t read_compressed(std::span<std::uint8_t> out);
  bool refill();

  std::string path_;
  std::ifstream file_;
  std::uint64_t most_bytes_ = 0;
  std::unique_ptr<Inflater> inflater_;  ///< null for a plain file
};

}  // namespace shallows
