// "Did you mean ...?": the nearest valid name to a misspelt one.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace shallows {

/// The candidate that `word` most likely stands for, by edit distance (insert, delete, replace, swap
/// neighbours; letter case ignored) to the whole name or, at a small penalty, to one of its parts ("stpd"
/// finds "teacher-stdp"), or because it abbreviates the words of the name's last part ("training.lr" finds
/// "training.learning_rate"). Empty if none is near enough. Of equally near ones the first wins.
std::optional<std::string> nearest_name(std::string_view word, std::span<const std::string> candidates);

/// "unknown rule 'stpd' (<where>; known: teacher-stdp, delta); did you mean 'teacher-stdp'?". `where` may be
/// empty.
std::string unknown_name(std::string_view what, std::string_view word, std::string_view where,
                         std::span<const std::string> candidates);

}  // namespace shallows
