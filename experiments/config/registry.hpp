// The one explicit list of everything that has a name. What adds a model, encoder, rule or data set adds one
// line to registry.cpp; name lookup, "did you mean" and `shallows list` follow from it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shallows {

struct RegistryEntry {
  std::string name;
  std::string description;  ///< one line
};

enum class Category { models, encoders, rules, datasets };

/// All entries of a category, in the order of the list.
std::span<const RegistryEntry> registered(Category category);
std::vector<std::string> registered_names(Category category);

/// The entry of that name; throws Error (configuration) "unknown rule 'stpd' (...); did you mean ...?".
const RegistryEntry& find_registered(Category category, std::string_view name);

/// The experiments of a directory: one entry for each *.toml in it, by name (the file's stem), described by
/// the comment in its first line. Throws Error (configuration) if it is no readable directory.
std::vector<RegistryEntry> list_configs(const std::string& directory);

}  // namespace shallows
