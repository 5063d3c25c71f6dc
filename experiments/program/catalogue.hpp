// Everything that has a name: the open lists, as `shallows list` shows them.
#pragma once

#include <string>
#include <vector>

#include "sim/core/list.hpp"

namespace shallows {

struct Catalogue {
  std::string name;  ///< "banks"
  std::vector<Listed> entries;
};

/// What the program can choose from, list by list.
std::vector<Catalogue> catalogues();

/// The configurations of a directory: one entry for each *.toml in it, by name (the file's stem), described
/// by the comment in its first line. Throws Error (configuration) if it is no readable directory.
std::vector<Listed> list_configs(const std::string& directory);

}  // namespace shallows
