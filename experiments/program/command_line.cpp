#include "experiments/program/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>
#include <vector>

#include "experiments/config/suggest.hpp"
#include "experiments/program/commands/commands.hpp"
#include "experiments/program/console.hpp"
#include "experiments/run/stored/provenance.hpp"

namespace shallows {
namespace {

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

/// Answers 'shallows help [COMMAND]', and says the exit code.
int help(const CLI::App& app, const std::string& command) {
  const std::vector<std::string> names = command_names(app);
  if (!command.empty() && std::find(names.begin(), names.end(), command) == names.end()) {
    note(unknown_name("command", command, "", names));
    return exit_code::kUsage;
  }
  // The program's own help would turn into that of the command 'help', which was called.
  print(command.empty() ? app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal)
                        : app.get_subcommand(command)->help(app.get_name()));
  return exit_code::kDone;
}

/// What CLI11 calls a missing subcommand is more often a misspelt one.
std::string describe_usage_error(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  const std::vector<std::string> names = command_names(app);
  const bool is_word = argc >= 2 && argv[1][0] != '-';
  if (!is_word || std::find(names.begin(), names.end(), argv[1]) != names.end()) return error.what();
  return unknown_name("command", argv[1], "", names);
}

constexpr const char* kPurpose =
    "Shallows simulates shallow spiking and rate networks on images: exact event-driven LIF neurons, an "
    "STDP readout, random and Gabor receptive fields (Illing, Gerstner and Brea 2019).";

constexpr const char* kFooter =
    "Start with:\n"
    "  shallows train experiments/configs/demo-lif-l-rg.toml -o runs/demo.h5\n"
    "  shallows inspect runs/demo.h5 --trial 0\n"
    "Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 data or file, 4 checkpoint does not fit,\n"
    "130/143 stopped by a signal after writing a checkpoint.";

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app(kPurpose, "shallows");
  app.require_subcommand(1);
  app.set_version_flag("--version", version_text(), "Print version, compiler and vector unit");
  app.footer(kFooter);
  std::string helped;
  app.add_subcommand("help", "Print this, or the options of a command")
      ->add_option("command", helped, "Command to explain")
      ->type_name("COMMAND");
  std::vector<std::pair<CLI::App*, Run>> runs;
  for (const auto make : kCommands) {
    const Command command = make();
    CLI::App* added = app.add_subcommand(std::string(command.name), std::string(command.about));
    runs.emplace_back(added, command.add(*added));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    note(describe_usage_error(app, error, argc, argv) +
         "\nRun 'shallows --help', or 'shallows COMMAND --help'.");
    return exit_code::kUsage;
  }
  std::string typed;
  for (int i = 0; i < argc; ++i) typed += (i > 0 ? " " : "") + std::string(argv[i]);
  for (const auto& [command, run] : runs) {
    if (command->parsed()) return run(typed);
  }
  return help(app, helped);
}

}  // namespace shallows
