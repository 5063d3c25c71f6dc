// The beginning of a file that stays as it is on the disk, and what was written over it meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <vector>

namespace shallows::h5 {

/// Pages of a file as they were written, in memory.
class Overlay {
 public:
  static constexpr std::uint64_t page_size = 4096;
  using Page = std::vector<std::byte>;
  /// Fills a span with the file's bytes from an offset on. False after an error of the system.
  using Load = std::function<bool(std::uint64_t offset, std::span<std::byte>)>;

  /// A page that is written for the first time is loaded. False if that failed.
  bool write(std::uint64_t offset, std::span<const std::byte> bytes, const Load& load);
  /// As write(), but leaves out pages that were never written.
  void patch(std::uint64_t offset, std::span<const std::byte> bytes);
  /// Lays what was written over `bytes` of the file, which start at `offset`.
  void read(std::uint64_t offset, std::span<std::byte> bytes) const;

  /// By number: page k begins at k * page_size.
  const std::map<std::uint64_t, Page>& pages() const { return pages_; }
  void clear() { pages_.clear(); }

 private:
  std::map<std::uint64_t, Page> pages_;
};

}  // namespace shallows::h5
