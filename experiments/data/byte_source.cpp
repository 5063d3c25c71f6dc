#include "experiments/data/byte_source.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <string_view>
#include <system_error>
#include <utility>

#include "sim/core/error.hpp"

namespace shallows {

namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 16U;
// A deflate stream expands at most 1032-fold (zlib's technical notes).
constexpr std::uint64_t kLargestExpansion = 1032;
constexpr int kGzipWindowBits = 15 + 16;

[[noreturn]] void refuse_file(const std::string& path, std::string_view problem,
                              std::string_view suggestion) {
  throw Error(ErrorKind::data, fmt::format("can't read '{}' ({}); {}", path, problem, suggestion));
}

}  // namespace

struct ByteSource::Inflater {
  z_stream stream{};
  std::vector<std::uint8_t> buffer = std::vector<std::uint8_t>(kBufferBytes);
  bool finished = false;  ///< the last member ended and nothing follows

  Inflater() {
    if (inflateInit2(&stream, kGzipWindowBits) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
};

ByteSource::ByteSource(std::string path) : path_(std::move(path)) {
  namespace fs = std::filesystem;
  std::error_code problem;
  const fs::file_status status = fs::status(path_, problem);
  if (status.type() == fs::file_type::not_found) {
    refuse_file(path_, "there is no such file", "check the path, or fetch the data with scripts/data.sh");
  }
  if (fs::is_directory(status)) refuse_file(path_, "it is a directory", "give the path of a file");
  if (problem) refuse_file(path_, problem.message(), "check the path and its permissions");
  if (!fs::is_regular_file(status)) refuse_file(path_, "it is not a regular file", "give the path of a file");
  most_bytes_ = fs::file_size(path_, problem);
  if (!problem) file_.open(path_, std::ios::binary);
  if (problem || !file_) refuse_file(path_, "it can't be opened", "check its permissions");

  std::array<std::uint8_t, 2> start{};
  const std::size_t got = read_file(start);
  file_.clear();
  file_.seekg(0);
  if (got == 2 && start[0] == 0x1F && start[1] == 0x8B) {
    inflater_ = std::make_unique<Inflater>();
    const std::uint64_t limit = std::numeric_limits<std::uint64_t>::max() / kLargestExpansion;
    most_bytes_ = std::min(most_bytes_, limit) * kLargestExpansion;
  }
}

ByteSource::~ByteSource() = default;

std::size_t ByteSource::read(std::span<std::uint8_t> out) {
  return inflater_ ? read_compressed(out) : read_file(out);
}

std::size_t ByteSource::read_file(std::span<std::uint8_t> out) {
  file_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
  if (file_.bad()) refuse_file(path_, "reading it failed", "check the disk");
  return static_cast<std::size_t>(file_.gcount());
}

bool ByteSource::refill() {
  z_stream& stream = inflater_->stream;
  stream.next_in = inflater_->buffer.data();
  stream.avail_in = static_cast<uInt>(read_file(inflater_->buffer));
  return stream.avail_in > 0;
}

std::size_t ByteSource::read_compressed(std::span<std::uint8_t> out) {
  z_stream& stream = inflater_->stream;
  std::size_t done = 0;
  while (done < out.size() && !inflater_->finished) {
    if (stream.avail_in == 0 && !refill()) {
      refuse_file(path_, "it is truncated: the compressed data end early", "fetch it again");
    }
    const std::size_t room = std::min(out.size() - done, kBufferBytes * 1024);
    stream.next_out = out.data() + done;
    stream.avail_out = static_cast<uInt>(room);
    const int result = inflate(&stream, Z_NO_FLUSH);
    done += room - stream.avail_out;
    if (result == Z_STREAM_END) {
      // gzip files may be concatenated, and then decompress to the concatenation.
      if (stream.avail_in == 0 && !refill()) {
        inflater_->finished = true;
      } else if (inflateReset(&stream) != Z_OK) {
        refuse_file(path_, "decompressing it failed", "fetch it again");
      }
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      refuse_file(
          path_,
          fmt::format("its compressed data are damaged: {}", stream.msg ? stream.msg : "unknown reason"),
          "fetch it again");
    }
  }
  return done;
}

}  // namespace shallows
