#include "experiments/program/option_checks.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

namespace shallows {

CLI::Validator whole_number_from(std::uint64_t lowest) {
  return CLI::Validator(
      [lowest](const std::string& text) -> std::string {
        std::int64_t value = 0;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool whole = problem == std::errc() && end == text.data() + text.size() && value >= 0;
        if (whole && static_cast<std::uint64_t>(value) >= lowest) return {};
        return fmt::format("'{}' is no whole number from {} to {}", text, lowest,
                           std::numeric_limits<std::int64_t>::max());
      },
      "");
}

CLI::Validator positive_number() {
  return CLI::Validator(
      [](const std::string& text) -> std::string {
        double value = 0.0;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool number = problem == std::errc() && end == text.data() + text.size();
        if (number && std::isfinite(value) && value > 0.0) return {};
        return fmt::format("'{}' is no number above 0", text);
      },
      "");
}

}  // namespace shallows
