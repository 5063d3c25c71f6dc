#include "experiments/data/cifar.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "experiments/data/byte_source.hpp"
#include "sim/core/error.hpp"

namespace shallows {

namespace {

constexpr ImageShape kShape{.height = 32, .width = 32, .channels = 3};
constexpr std::size_t kRecord = 1 + 3 * 32 * 32;
constexpr std::uint8_t kLargestLabel = 9;
/// Where counting ends: a small compressed file may unfold to anything.
constexpr std::size_t kMostCounted = 100'000;

[[noreturn]] void refuse(const std::string& path, std::string_view problem) {
  throw Error(ErrorKind::data,
              fmt::format("can't use '{}' ({}); fetch it again with scripts/data.sh cifar10", path, problem));
}

void append_batch(const std::string& path, std::size_t expected, std::vector<std::uint8_t>& pixels,
                  std::vector<std::uint8_t>& labels) {
  ByteSource source(path);
  std::array<std::uint8_t, kRecord> record{};
  std::size_t images = 0;
  const auto refuse_count = [&](std::string_view found) {
    refuse(path, fmt::format("it holds {} records, a batch of CIFAR-10 holds {}", found, expected));
  };
  while (const std::size_t got = source.read(record)) {
    if (got < kRecord) {
      refuse(path,
             fmt::format("its size is wrong: {} bytes after {} records of {} bytes, so it is truncated or no "
                         "binary batch of CIFAR-10",
                         got, images, kRecord));
    }
    if (record[0] > kLargestLabel) {
      refuse(path,
             fmt::format("image {} has label {}, above {}, so it is damaged or no binary batch of CIFAR-10",
                         images, record[0], kLargestLabel));
    }
    if (++images > kMostCounted) refuse_count(fmt::format("more than {}", kMostCounted));
    if (images > expected) continue;  // only counted, for the message
    labels.push_back(record[0]);
    pixels.insert(pixels.end(), record.begin() + 1, record.end());
  }
  if (images != expected) refuse_count(std::to_string(images));
}

}  // namespace

ImageSet read_cifar10(std::span<const std::string> batches, std::size_t images_per_batch) {
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint8_t> labels;
  for (const std::string& batch : batches) append_batch(batch, images_per_batch, pixels, labels);
  return {kShape, std::move(pixels), std::move(labels)};
}

}  // namespace shallows
