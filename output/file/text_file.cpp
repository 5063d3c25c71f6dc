#include "output/file/text_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <system_error>

#include "sim/core/error.hpp"

namespace shallows {

void write_text_file(const std::string& name, std::string_view text) {
  // Two programs, or threads, may write the same file at once: shares of a study that end together, say.
  static std::atomic<unsigned> count = 0;
  const std::string part = fmt::format("{}.{}-{}.part", name, ::getpid(), count++);
  errno = 0;
  std::ofstream file(part, std::ios::binary | std::ios::trunc);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (file && std::rename(part.c_str(), name.c_str()) == 0) return;
  const std::string reason = std::generic_category().message(errno);
  std::remove(part.c_str());
  throw Error(ErrorKind::data, fmt::format("can't write '{}' ({}); choose another place", name, reason));
}

}  // namespace shallows
