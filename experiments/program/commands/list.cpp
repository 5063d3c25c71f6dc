#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <system_error>

#include "experiments/program/catalogue.hpp"
#include "experiments/program/commands/commands.hpp"
#include "experiments/program/console.hpp"

namespace shallows {
namespace {

struct ListArguments {
  std::string what;       ///< empty: everything
  std::string directory;  ///< of the configurations; empty: wherever they are
  bool json = false;
};

std::vector<std::string> list_names() {
  std::vector<std::string> names;
  for (Catalogue& list : catalogues()) names.push_back(std::move(list.name));
  names.insert(names.end(), {"commands", "configs", "studies"});
  return names;
}

void add_options(CLI::App& command, ListArguments& arguments) {
  command.add_option("what", arguments.what, "One of these only")->check(CLI::IsMember(list_names()));
  command
      .add_option("--configs", arguments.directory,
                  "Where the configurations are (default: experiments/configs here, installed or of the sources)")
      ->type_name("DIRECTORY");
  command.add_flag("--json", arguments.json, "Print one JSON object on stdout instead of text");
}

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
  if (wanted("commands")) {
    result.push_back({"commands", {}});
    for (const auto command : kCommands)
      result.back().entries.push_back({std::string(command().name), std::string(command().about)});
  }
  // Without an explicit wish, a place without configurations is no error.
  const std::string directory =
      arguments.directory.empty() ? shipped_directory("configs") : arguments.directory;
  const bool asked = arguments.what == "configs" || !arguments.directory.empty();
  if (wanted("configs") && (asked || fs::is_directory(directory)))
    result.push_back({"configs", list_configs(directory), directory});
  const std::string studies = shipped_directory("studies");
  if (wanted("studies") && (arguments.what == "studies" || fs::is_directory(studies)))
    result.push_back({"studies", list_configs(studies), studies});
  return result;
}

int run(const ListArguments& arguments) {
  nlohmann::json json = nlohmann::json::object();
  std::string text;
  for (const Section& section : sections(arguments)) {
    std::size_t width = 0;
    for (const Listed& entry : section.entries) width = std::max(width, entry.name.size());
    const std::string place = section.directory.empty() ? "" : fmt::format(" in {}", section.directory);
    text += fmt::format("{}{}{}\n", text.empty() ? "" : "\n", section.name, place);
    if (!section.directory.empty()) json[section.name + "_directory"] = section.directory;
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

}  // namespace

Command list_command() {
  return {"list",
          "List what there is to choose from: networks, banks, rules, datasets, commands, configurations",
          add<ListArguments, add_options, run>};
}

}  // namespace shallows
