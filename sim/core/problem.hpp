// What is wrong with parameters, in the terms of their fields. The configuration layer makes a message of it.
#pragma once

#include <optional>
#include <string>

namespace shallows {

struct Problem {
  std::string what;        ///< "size = 105 is no multiple of features = 10"
  std::string why;         ///< may be empty
  std::string suggestion;  ///< what to do
};

}  // namespace shallows
