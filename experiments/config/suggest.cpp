#include "experiments/config/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <vector>

namespace shallows {

namespace {

// A shorter cut-off for short words: two edits turn any three letters into any others.
std::size_t largest_distance(std::size_t length) { return std::max<std::size_t>(1, (length + 2) / 3); }

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(before_last, last);
    std::swap(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
  }
  return row.back();
}

std::string_view after_last_dot(std::string_view name) { return name.substr(name.rfind('.') + 1); }

std::vector<std::string_view> parts(std::string_view name) {
  std::vector<std::string_view> result;
  while (!name.empty()) {
    const std::size_t length = std::min(name.find_first_of(".-_"), name.size());
    if (length > 2) result.push_back(name.substr(0, length));
    name.remove_prefix(std::min(length + 1, name.size()));
  }
  return result;
}

/// How many words at the end of `name` ("a_b_c") are left over if the letters of `word` are the beginnings of
/// its words in order, one letter of each or more; nothing if they are not.
std::optional<std::size_t> words_left_over(std::string_view word, std::string_view name) {
  if (name.empty()) return word.empty() ? std::optional<std::size_t>(0) : std::nullopt;
  const std::size_t length = std::min(name.find_first_of("-_"), name.size());
  const std::string_view rest = name.substr(std::min(length + 1, name.size()));
  if (word.empty()) {
    const auto separators =
        std::count_if(name.begin(), name.end(), [](char c) { return c == '-' || c == '_'; });
    return static_cast<std::size_t>(separators) + 1;
  }
  std::optional<std::size_t> fewest;
  for (std::size_t taken = 1; taken <= std::min(length, word.size()); ++taken) {
    if (word[taken - 1] != name[taken - 1]) break;
    std::string_view next = word.substr(taken);
    if (next.starts_with('-') || next.starts_with('_')) next.remove_prefix(1);
    const auto left = words_left_over(next, rest);
    if (left && (!fewest || *left < *fewest)) fewest = left;
  }
  return fewest;
}

/// Distance with penalties, or nothing if the candidate is too far.
std::optional<std::size_t> distance(std::string_view word, std::string_view candidate) {
  std::optional<std::size_t> best;
  const auto consider = [&best](std::string_view a, std::string_view b, std::size_t penalty) {
    const std::size_t edits = edit_distance(a, b);
    if (edits <= largest_distance(a.size()) && edits < std::max(a.size(), b.size())) {
      best = std::min(best.value_or(edits + penalty), edits + penalty);
    }
  };
  consider(word, candidate, 0);
  consider(after_last_dot(word), after_last_dot(candidate), 1);
  for (const std::string_view part : parts(candidate)) consider(word, part, 2);
  // One letter could stand for anything.
  const std::string_view short_name = after_last_dot(word);
  const auto left_over = words_left_over(short_name, after_last_dot(candidate));
  if (short_name.size() > 1 && left_over) {
    const bool same_section = candidate.starts_with(word.substr(0, word.size() - short_name.size()));
    const std::size_t penalty = *left_over + (same_section ? 1 : 3);
    best = std::min(best.value_or(penalty), penalty);
  }
  return best;
}

}  // namespace

std::optional<std::string> nearest_name(std::string_view word, std::span<const std::string> candidates) {
  const std::string lowered = lower(word);
  std::optional<std::string> nearest;
  std::size_t smallest = 0;
  for (const std::string& candidate : candidates) {
    const auto found = distance(lowered, lower(candidate));
    if (found && (!nearest || *found < smallest)) {
      nearest = candidate;
      smallest = *found;
    }
  }
  return nearest;
}

std::string unknown_name(std::string_view what, std::string_view word, std::string_view where,
                         std::span<const std::string> candidates) {
  std::string message = fmt::format("unknown {} '{}' ({}{}known: {})", what, word, where,
                                    where.empty() ? "" : "; ", fmt::join(candidates, ", "));
  if (const auto nearest = nearest_name(word, candidates))
    message += fmt::format("; did you mean '{}'?", *nearest);
  return message;
}

}  // namespace shallows
