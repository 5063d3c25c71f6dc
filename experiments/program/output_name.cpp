#include "experiments/program/output_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "experiments/config/config_schema.hpp"
#include "experiments/data/sha256.hpp"

namespace shallows {
namespace {

/// Only characters that need no quoting in a shell.
std::string plain(std::string text) {
  std::erase(text, '"');
  std::erase(text, ' ');
  std::replace_if(
      text.begin(), text.end(),
      [](unsigned char c) {
        return std::isalnum(c) == 0 &&
               std::string_view("._=,+-").find(static_cast<char>(c)) == std::string::npos;
      },
      '_');
  return text;
}

}  // namespace

std::string default_output(const Config& config, std::span<const std::string> overrides,
                           std::string_view ending) {
  constexpr std::size_t kLongest = 120;
  std::set<std::string> keys;
  for (const std::string& text : overrides) keys.insert(plain(text.substr(0, text.find('='))));
  std::string set;
  for (const std::string& name : keys) {
    const ConfigKey* key = name == "name" || name == "seed" ? nullptr : find_config_key(name);
    if (key != nullptr) set += "-" + plain(name + "=" + to_toml(key->read(config)));
  }
  if (set.size() > kLongest) {
    Sha256 sha;
    sha.add(std::as_bytes(std::span(set)));
    set = set.substr(0, kLongest) + "-" + sha.hex().substr(0, 8);
  }
  return fmt::format("runs/{}{}-seed{}{}.h5", plain(config.name), set, config.seed, ending);
}

}  // namespace shallows
