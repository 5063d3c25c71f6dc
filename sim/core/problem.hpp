// What is wrong with parameters, in the terms of their fields. What holds the parameters puts its own name
// before those of the fields, and the configuration makes a message of it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace shallows {

struct Problem {
  std::string what;        ///< "size = 105 is no multiple of features = 10"
  std::string why;         ///< may be empty
  std::string suggestion;  ///< what to do
};

/// The problem with `prefix` before every "name = " of a field: "hidden.size = 105 ...".
Problem qualified(Problem problem, std::string_view prefix,
                  const std::function<bool(std::string_view name)>& is_field);

}  // namespace shallows
