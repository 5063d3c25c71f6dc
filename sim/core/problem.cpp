#include "sim/core/problem.hpp"

#include <utility>

namespace shallows {
namespace {

void qualify(std::string& text, std::string_view prefix,
             const std::function<bool(std::string_view)>& is_field) {
  constexpr std::string_view kEquals = " = ";
  for (std::size_t at = text.find(kEquals); at != std::string::npos; at = text.find(kEquals, at + 1)) {
    const std::size_t before = text.find_last_of(" (", at - 1);
    const std::size_t begin = before == std::string::npos ? 0 : before + 1;
    if (!is_field(std::string_view(text).substr(begin, at - begin))) continue;
    text.insert(begin, prefix);
    at += prefix.size();
  }
}

}  // namespace

Problem qualified(Problem problem, std::string_view prefix,
                  const std::function<bool(std::string_view)>& is_field) {
  for (std::string* text : {&problem.what, &problem.why, &problem.suggestion})
    qualify(*text, prefix, is_field);
  return problem;
}

}  // namespace shallows
