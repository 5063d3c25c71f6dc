// What makes a Descriptor safe from interruption: its snapshots and its stamp.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "output/h5/disk/descriptor.hpp"
#include "output/h5/disk/system_file.hpp"
#include "sim/core/error.hpp"

namespace shallows::h5 {
namespace {

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
    throw Error(ErrorKind::data, fmt::format("can't read {} ({}); check the disk", path,
                                             std::generic_category().message(read_error_)));
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
