#include "experiments/data/idx.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "experiments/data/byte_source.hpp"
#include "sim/core/error.hpp"

namespace shallows {

namespace {

constexpr std::uint8_t kUnsignedByte = 0x08;
constexpr std::uint64_t kLargestSide = 4096;
constexpr std::uint64_t kLargestTotal = std::uint64_t{4} << 30U;

[[noreturn]] void refuse(const std::string& path, std::string_view problem, std::string_view suggestion) {
  throw Error(ErrorKind::data, fmt::format("can't use '{}' ({}); {}", path, problem, suggestion));
}

std::string_view type_name(std::uint8_t code) {
  switch (code) {
    case 0x09:
      return "signed bytes";
    case 0x0B:
      return "16-bit integers";
    case 0x0C:
      return "32-bit integers";
    case 0x0D:
      return "floats";
    case 0x0E:
      return "doubles";
    default:
      return "an unknown type";
  }
}

void read_exactly(ByteSource& source, std::span<std::uint8_t> out, std::uint64_t expected) {
  const std::size_t got = source.read(out);
  if (got == out.size()) return;
  const std::uint64_t missing = out.size() - got;
  refuse(source.path(), fmt::format("it is truncated: {} of {} bytes are missing", missing, expected),
         "fetch it again");
}

/// Checks the first four bytes and returns the dimensions.
std::vector<std::uint64_t> read_header(ByteSource& source, std::span<const std::uint8_t> ranks,
                                       std::string_view content) {
  const std::string& path = source.path();
  std::array<std::uint8_t, 4> magic{};
  const std::size_t got = source.read(magic);
  if (got == 0) refuse(path, "it is empty", "fetch it again");
  if (got < magic.size()) refuse(path, fmt::format("it is truncated: just {} bytes", got), "fetch it again");
  if (magic[0] != 0 || magic[1] != 0) {
    refuse(path,
           fmt::format("wrong magic number {:02x}{:02x}{:02x}{:02x}, so it is no IDX file", magic[0],
                       magic[1], magic[2], magic[3]),
           fmt::format("give an IDX file of {}, plain or gzip-compressed", content));
  }
  if (magic[2] != kUnsignedByte) {
    refuse(path, fmt::format("wrong type byte {:#04x}: it holds {}", magic[2], type_name(magic[2])),
           "convert it to unsigned bytes (type byte 0x08)");
  }
  if (std::find(ranks.begin(), ranks.end(), magic[3]) == ranks.end()) {
    refuse(
        path,
        fmt::format("wrong magic number: it has {} dimensions, which is not right for {}", magic[3], content),
        "are images and labels swapped?");
  }
  std::vector<std::uint8_t> bytes(std::size_t{4} * magic[3]);
  read_exactly(source, bytes, magic.size() + bytes.size());
  std::vector<std::uint64_t> dimensions;
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    dimensions.push_back(std::uint64_t{bytes[i]} << 24U | std::uint64_t{bytes[i + 1]} << 16U |
                         std::uint64_t{bytes[i + 2]} << 8U | std::uint64_t{bytes[i + 3]});
  }
  return dimensions;
}

std::uint64_t checked_total(const std::string& path, std::span<const std::uint64_t> dimensions,
                            std::string_view content) {
  if (dimensions.front() == 0) {
    refuse(path, fmt::format("it holds no {}", content), "give a file that holds some");
  }
  for (const std::uint64_t side : dimensions.subspan(1)) {
    if (side == 0 || side > kLargestSide) {
      refuse(path,
             fmt::format("absurd dimensions: a side of {} where 1 to {} is allowed", side, kLargestSide),
             "check the file");
    }
  }
  std::uint64_t total = 1;
  for (const std::uint64_t size : dimensions) {
    if (size > kLargestTotal / total) {
      refuse(path, "absurd dimensions: more than 4 GiB in all", "check the file");
    }
    total *= size;
  }
  return total;
}

std::vector<std::uint8_t> read_elements(ByteSource& source, std::uint64_t total) {
  if (total > source.most_bytes()) {
    refuse(source.path(),
           fmt::format("it is truncated: its header promises {} bytes, more than it can hold", total),
           "fetch it again");
  }
  std::vector<std::uint8_t> elements(total);
  read_exactly(source, elements, total);
  // Also takes a compressed file to its end, where the check sum is.
  std::array<std::uint8_t, 1> extra{};
  if (source.read(extra) != 0) {
    refuse(source.path(), fmt::format("it is over-long: more than the {} bytes its header promises", total),
           "fetch it again");
  }
  return elements;
}

}  // namespace

IdxImages read_idx_images(const std::string& path) {
  constexpr std::array<std::uint8_t, 2> kRanks = {3, 4};
  ByteSource source(path);
  const std::vector<std::uint64_t> dimensions = read_header(source, kRanks, "images");
  const std::uint64_t total = checked_total(path, dimensions, "images");
  const std::size_t rank = dimensions.size();
  IdxImages images;
  images.count = dimensions[0];
  images.shape = {.height = dimensions[rank - 2],
                  .width = dimensions[rank - 1],
                  .channels = rank == 4 ? dimensions[1] : 1};
  images.pixels = read_elements(source, total);
  return images;
}

std::vector<std::uint8_t> read_idx_labels(const std::string& path) {
  constexpr std::array<std::uint8_t, 1> kRanks = {1};
  ByteSource source(path);
  const std::vector<std::uint64_t> dimensions = read_header(source, kRanks, "labels");
  return read_elements(source, checked_total(path, dimensions, "labels"));
}

ImageSet read_idx_set(const std::string& images_path, const std::string& labels_path) {
  std::vector<std::uint8_t> labels = read_idx_labels(labels_path);
  IdxImages images = read_idx_images(images_path);
  if (images.count != labels.size()) {
    throw Error(
        ErrorKind::data,
        fmt::format("'{}' and '{}' do not belong together ({} images, {} labels); give files of the same set",
                    images_path, labels_path, images.count, labels.size()));
  }
  return {images.shape, std::move(images.pixels), std::move(labels)};
}

}  // namespace shallows
