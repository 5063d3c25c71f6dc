// The `shallows` program: subcommands, and the one place where errors become messages and exit codes.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "experiments/program/options.hpp"
#include "experiments/run/provenance.hpp"
#include "experiments/suggest.hpp"

namespace {

using namespace shallows;

int exit_code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::configuration:
      return exit_code::kUsage;
    case ErrorKind::data:
      return exit_code::kData;
    case ErrorKind::checkpoint:
      return exit_code::kCheckpoint;
    case ErrorKind::network:
      return exit_code::kFailed;
  }
  return exit_code::kFailed;
}

/// What CLI11 calls a missing subcommand is more often a misspelt one.
std::string describe_usage_error(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  const bool is_word = argc >= 2 && argv[1][0] != '-';
  if (!is_word || std::find(names.begin(), names.end(), argv[1]) != names.end()) return error.what();
  return unknown_name("command", argv[1], "", names);
}

int run(int argc, char** argv) {
  ProgramContext context;
  for (int i = 0; i < argc; ++i) context.command_line += (i > 0 ? " " : "") + std::string(argv[i]);
  CLI::App app(
      "Shallows simulates shallow spiking and rate networks on images: exact event-driven LIF neurons, an "
      "STDP "
      "readout, random and Gabor receptive fields (Illing, Gerstner and Brea 2019).",
      "shallows");
  app.require_subcommand(1);
  app.set_version_flag("--version", version_text(), "Print version, compiler and vector unit");
  app.footer(
      "Start with:\n"
      "  shallows train experiments/configs/demo-lif-l-rg.toml -o runs/demo.h5\n"
      "  shallows inspect runs/demo.h5 --trial 0\n"
      "Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 data or file, 4 checkpoint does not fit,\n"
      "130/143 stopped by a signal after writing a checkpoint.");
  const std::vector<std::pair<std::string, Command>> commands = {{"train", add_train_command(app, context)},
                                                                 {"test", add_test_command(app, context)},
                                                                 {"inspect", add_inspect_command(app)},
                                                                 {"compare", add_compare_command(app)},
                                                                 {"list", add_list_command(app)},
                                                                 {"config", add_config_command(app)},
                                                                 {"bench", add_bench_command(app)}};
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    note(describe_usage_error(app, error, argc, argv) +
         "\nRun 'shallows --help', or 'shallows COMMAND --help'.");
    return exit_code::kUsage;
  }
  for (const auto& [name, command] : commands) {
    if (app.got_subcommand(name)) return command();
  }
  return exit_code::kUsage;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const shallows::Error& error) {
    note(error.what());
    return exit_code_of(error.kind());
  } catch (const std::bad_alloc&) {
    note(
        "out of memory (the network or the data set is too large for this machine); lower hidden.size or "
        "--threads");
  } catch (const std::exception& error) {
    note(std::string("unexpected problem: ") + error.what() +
         " (please report it with the command that you typed)");
  }
  return exit_code::kFailed;
}
