#include "output/file/text_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <system_error>

#include "sim/core/error.hpp"

namespace shallows {

void write_text_file(const std::string& name, std::string_view text) {
  const std::string part = name + ".part";
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
