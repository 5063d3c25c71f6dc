#include "output/h5/disk/overlay.hpp"

#include <algorithm>

namespace shallows::h5 {

bool Overlay::write(std::uint64_t offset, std::span<const std::byte> bytes, const Load& load) {
  while (!bytes.empty()) {
    const std::uint64_t number = offset / page_size;
    const std::uint64_t within = offset % page_size;
    const std::size_t count = std::min<std::size_t>(bytes.size(), page_size - within);
    auto found = pages_.find(number);
    if (found == pages_.end()) {
      Page page(page_size);
      if (!load(number * page_size, page)) return false;
      found = pages_.emplace(number, std::move(page)).first;
    }
    std::copy_n(bytes.begin(), count, found->second.begin() + static_cast<std::ptrdiff_t>(within));
    offset += count;
    bytes = bytes.subspan(count);
  }
  return true;
}

void Overlay::patch(std::uint64_t offset, std::span<const std::byte> bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto found = pages_.find((offset + i) / page_size);
    if (found != pages_.end()) found->second[(offset + i) % page_size] = bytes[i];
  }
}

void Overlay::read(std::uint64_t offset, std::span<std::byte> bytes) const {
  const std::uint64_t end = offset + bytes.size();
  for (auto page = pages_.lower_bound(offset / page_size); page != pages_.end(); ++page) {
    const std::uint64_t start = page->first * page_size;
    if (start >= end) break;
    const std::uint64_t first = std::max(offset, start);
    const std::uint64_t last = std::min(end, start + page_size);
    std::copy_n(page->second.begin() + static_cast<std::ptrdiff_t>(first - start), last - first,
                bytes.begin() + static_cast<std::ptrdiff_t>(first - offset));
  }
}

}  // namespace shallows::h5
