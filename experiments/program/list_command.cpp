#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <span>

#include "experiments/program/commands.hpp"
#include "experiments/program/console.hpp"
#include "experiments/registry.hpp"

namespace shallows {
namespace {

struct Section {
  std::string name;
  std::vector<RegistryEntry> entries;
};

std::vector<Section> sections(const ListArguments& arguments) {
  std::vector<Section> result;
  const auto wanted = [&](const std::string& name) {
    return arguments.what.empty() || arguments.what == name;
  };
  const std::pair<std::string, Category> categories[] = {{"models", Category::models},
                                                         {"encoders", Category::encoders},
                                                         {"rules", Category::rules},
                                                         {"datasets", Category::datasets}};
  for (const auto& [name, category] : categories) {
    const std::span<const RegistryEntry> entries = registered(category);
    if (wanted(name)) result.push_back({name, {entries.begin(), entries.end()}});
  }
  // Without an explicit wish, a place without configurations is no error.
  if (arguments.what == "configs" ||
      (arguments.what.empty() && std::filesystem::is_directory(arguments.directory))) {
    result.push_back({"configs", list_configs(arguments.directory)});
  }
  return result;
}

}  // namespace

int run(const ListArguments& arguments) {
  nlohmann::json json = nlohmann::json::object();
  std::string text;
  for (const Section& section : sections(arguments)) {
    std::size_t width = 0;
    for (const RegistryEntry& entry : section.entries) width = std::max(width, entry.name.size());
    text += fmt::format("{}{}\n", text.empty() ? "" : "\n", section.name);
    json[section.name] = nlohmann::json::array();
    for (const RegistryEntry& entry : section.entries) {
      text += fmt::format("  {:<{}}  {}\n", entry.name, width, entry.description);
      json[section.name].push_back({{"name", entry.name}, {"description", entry.description}});
    }
  }
  if (arguments.json) {
    print(json);
  } else {
    print(text);
  }
  return exit_code::kDone;
}

}  // namespace shallows
