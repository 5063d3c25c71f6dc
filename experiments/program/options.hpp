// What the commands of the program share: their signatures, common options and exit codes.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "experiments/config.hpp"
#include "experiments/run/progress.hpp"
#include "sim/error.hpp"

namespace shallows {

/// Exit codes of the program; 128 + signal after an interrupt.
namespace exit_code {
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kData = 3;
inline constexpr int kCheckpoint = 4;
}  // namespace exit_code

/// What a command needs to know of the program that runs it.
struct ProgramContext {
  std::string command_line;
};

/// Adds a subcommand; the returned function runs it and gives the exit code.
using Command = std::function<int()>;
Command add_train_command(CLI::App& app, const ProgramContext& context);
Command add_test_command(CLI::App& app, const ProgramContext& context);
Command add_inspect_command(CLI::App& app);
Command add_compare_command(CLI::App& app);
Command add_list_command(CLI::App& app);
Command add_config_command(CLI::App& app);
Command add_bench_command(CLI::App& app);

/// Checks of option values whose messages name what is allowed: whole numbers from `lowest` to 2^63 - 1
/// (CLI11 takes "-1" for a large one), and finite numbers above zero.
CLI::Validator whole_number_from(std::uint64_t lowest);
CLI::Validator positive_number();

/// Options of commands that simulate.
struct RunOptions {
  std::vector<std::string> overrides;
  std::string record;
  std::uint64_t threads = 0;  ///< 0: all
  bool json = false;
  bool quiet = false;

  void add_to(CLI::App& command);
  Verbosity verbosity() const { return quiet ? Verbosity::quiet : Verbosity::normal; }
};

/// The value of --record into the configuration; populations are dropped for a model that has none.
void apply_record(const std::string& record, Config& config);

/// Keeps TBB to `threads` while it lives; 0: as many as the machine has.
class ThreadLimit {
 public:
  explicit ThreadLimit(std::uint64_t threads);
  ~ThreadLimit();
  /// In use.
  std::uint64_t threads() const { return threads_; }

 private:
  struct Control;
  std::unique_ptr<Control> control_;
  std::uint64_t threads_;
};

/// Prints to stdout.
void print(const std::string& text);
void print(const nlohmann::json& json);
/// A line on stderr, after "shallows: ". Never throws: a log on a full disk must not end a run.
void note(const std::string& text);

/// Makes the directory that a result is written to, and checks early that this is possible, not after a day,
/// and that the result would not take the place of `input`. Throws Error (data).
void prepare_output(const std::string& path, const std::string& input);

}  // namespace shallows
