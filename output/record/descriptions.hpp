// What the datasets and groups of our files mean, as attributes of theirs: description, and of datasets unit.
//
// The one table of the file format (what docs/files.md leaves to the files themselves). Names are those of
// whoever writes the object; a test walks real files of every kind and fails for one that is missing here.
#pragma once

#include <optional>
#include <string>

#include "output/h5/h5.hpp"

namespace shallows {

inline constexpr const char* kUnit = "unit";
inline constexpr const char* kDescription = "description";

struct Meaning {
  /// "1" of what has none; empty of groups, and of what says it by an attribute of SONATA.
  std::string unit;
  std::string description;
};

/// Of the object at a path, "/" for the file itself; nothing if it is not in the table.
std::optional<Meaning> meaning_of(const std::string& path);

/// Writes the attributes of all objects of the file that are in the table.
void describe(h5::File& file);

}  // namespace shallows
