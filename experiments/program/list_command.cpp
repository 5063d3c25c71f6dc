#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <span>
#include <system_error>

#include "experiments/program/catalogue.hpp"
#include "experiments/program/commands.hpp"
#include "experiments/program/console.hpp"

namespace shallows {
namespace {

namespace fs = std::filesystem;

struct Section {
  std::string name;
  std::vector<Listed> entries;
  std::string directory = {};  ///< that the entries are files of
};

std::vector<Section> sections(const ListArguments& arguments) {
  std::vector<Section> result;
  const auto wanted = [&](const std::string& name) {
    return arguments.what.empty() || arguments.what == name;
  };
  for (Catalogue& list : catalogues()) {
    if (wanted(list.name)) result.push_back({list.name, std::move(list.entries)});
  }
  // Without an explicit wish, a place without configurations is no error.
  const std::string directory = arguments.directory.empty() ? configs_directory() : arguments.directory;
  const bool asked = arguments.what == "configs" || !arguments.directory.empty();
  if (wanted("configs") && (asked || fs::is_directory(directory)))
    result.push_back({"configs", list_configs(directory), directory});
  return result;
}

}  // namespace

int run(const ListArguments& arguments) {
  nlohmann::json json = nlohmann::json::object();
  std::string text;
  for (const Section& section : sections(arguments)) {
    std::size_t width = 0;
    for (const Listed& entry : section.entries) width = std::max(width, entry.name.size());
    const std::string place = section.directory.empty() ? "" : fmt::format(" in {}", section.directory);
    text += fmt::format("{}{}{}\n", text.empty() ? "" : "\n", section.name, place);
    if (!section.directory.empty()) json["configs_directory"] = section.directory;
    json[section.name] = nlohmann::json::array();
    for (const Listed& entry : section.entries) {
      text += fmt::format("  {:<{}}  {}\n", entry.name, width, entry.about);
      json[section.name].push_back({{"name", entry.name}, {"description", entry.about}});
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
