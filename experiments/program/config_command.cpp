#include <memory>

#include "experiments/program/options.hpp"

namespace shallows {

Command add_config_command(CLI::App& app) {
  struct Arguments {
    std::string config;
    std::vector<std::string> overrides;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "config", "Print the effective configuration as TOML: every key with its unit, meaning and range");
  command->add_option("config", arguments->config, "Configuration file (TOML)")
      ->required()
      ->type_name("CONFIG.toml");
  command->add_option("--set", arguments->overrides, "Override a configuration key; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  return [arguments] {
    print(to_toml(read_config(arguments->config, arguments->overrides), Comments::yes));
    return exit_code::kDone;
  };
}

}  // namespace shallows
