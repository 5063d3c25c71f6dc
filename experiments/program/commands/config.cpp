#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/config/config_schema.hpp"
#include "experiments/program/commands/commands.hpp"
#include "experiments/program/console.hpp"
#include "experiments/program/options.hpp"
#include "sim/core/error.hpp"

namespace shallows {
namespace {

struct ConfigArguments {
  std::string config;
  std::vector<std::string> overrides;
  bool reference = false;  ///< instead of a configuration
};

void add_options(CLI::App& command, ConfigArguments& arguments) {
  CLI::Option* file = add_configuration(command, arguments.config);
  CLI::Option* reference =
      command.add_flag("--reference", arguments.reference,
                       "Print every key of every network, bank and rule as Markdown instead");
  add_set(command, arguments.overrides);
  reference->excludes(file);
  command.callback([file, reference] {
    if (file->empty() && reference->empty()) throw CLI::RequiredError("a CONFIG.toml, or --reference");
  });
}

/// A text in a cell of a Markdown table.
std::string cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, 1, '\\');
  return text;
}

/// "`hidden.kind` is `gabor`", of all conditions but those that any choice but one satisfies.
std::string conditions_of(const ConfigKey& key) {
  std::string text;
  for (const FieldCondition& condition : key.conditions) {
    text += fmt::format("{}`{}` is `{}`", text.empty() ? "" : ", ", condition.field,
                        fmt::join(condition.values, "` or `"));
  }
  return text;
}

/// The value of a key in a configuration that has nothing but what the key needs; empty if there is none.
std::string default_of(const ConfigKey& key) {
  std::string toml;
  for (const FieldCondition& condition : key.conditions)
    toml += fmt::format("{} = \"{}\"\n", condition.field, condition.values.back());
  const auto needs_network = [&](const FieldCondition& condition) { return condition.field == "model"; };
  if (std::ranges::none_of(key.conditions, needs_network) && key.name != "model")
    toml += "model = \"rate\"\n";
  try {
    const Config config = parse_config(toml, "reference", {});
    return why_not_applicable(key, config).empty() ? to_toml(key.read(config)) : "";
  } catch (const Error&) {
    return "";
  }
}

/// A table for each section.
std::string reference() {
  std::string text =
      "Every key of a configuration, by section. A key means something where its condition holds, and is an "
      "error elsewhere. The default is that of a rate network where there is one in several networks.\n";
  std::string section = "-";
  for (const ConfigKey& key : config_keys()) {
    const std::size_t dot = key.name.rfind('.');
    const std::string own = dot == std::string::npos ? "" : key.name.substr(0, dot);
    if (own.starts_with("hidden.") && own != "hidden.2") continue;  // which stands for all of them
    if (own != section) {
      section = own;
      text += fmt::format(
          "\n## {}\n\n| key | default | allowed | meaning | where |\n| --- | --- | --- | --- | --- |\n",
          section.empty()         ? "Without a section"
          : section == "hidden.2" ? "[[hidden]], the second table (of table n: hidden.n)"
                                  : "[" + section + "]");
    }
    const std::string allowed = describe(key.domain);
    const std::string unit = key.unit.empty() ? "" : fmt::format(" [{}]", key.unit);
    const std::string value = default_of(key);
    text += fmt::format("| `{}` | {} | {} | {}{} | {} |\n", key.name,
                        value.empty() ? "" : fmt::format("`{}`", cell(value)), cell(allowed),
                        cell(key.meaning), unit, conditions_of(key));
  }
  return text;
}

int run(const ConfigArguments& arguments) {
  print(arguments.reference
            ? reference()
            : to_toml(read_configuration(arguments.config, arguments.overrides), Comments::yes));
  return exit_code::kDone;
}

}  // namespace

Command config_command() {
  return {"config", "Print the effective configuration as TOML: every key with its unit, meaning and range",
          add<ConfigArguments, add_options, run>};
}

}  // namespace shallows
