// What a user can ask of the program, as plain values. command_line.cpp makes them, with CLI11, which
// nothing else but its checks (option_checks.hpp) knows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "experiments/bench/bench.hpp"
#include "experiments/run/progress.hpp"
#include "experiments/study/paper.hpp"

namespace shallows {

/// Exit codes of the program; 128 + signal after an interrupt.
namespace exit_code {
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kData = 3;
inline constexpr int kCheckpoint = 4;
}  // namespace exit_code

/// Options of commands that simulate.
struct RunOptions {
  std::vector<std::string> overrides;
  std::string record;
  std::uint64_t threads = 0;  ///< 0: all
  bool json = false;
  bool quiet = false;

  Verbosity verbosity() const { return quiet ? Verbosity::quiet : Verbosity::normal; }
};

struct TrainArguments {
  std::string command_line;  ///< as typed, for the file
  std::string config;
  std::string output;  ///< empty: see default_output()
  std::optional<std::uint64_t> seed;
  std::string from;  ///< run file whose network goes on; empty: a new one
  bool resume = false;
  bool force = false;
  bool allow_seen_images = false;
  double max_seconds = 0.0;  ///< 0: no limit
  std::uint64_t checkpoint_every = 10000;
  std::string bank;  ///< file to take the bank from; empty: it is made
  RunOptions run;
};

struct BankArguments {
  std::string command_line;
  std::string config;
  std::string output;  ///< empty: see default_output()
  std::string mosaic;  ///< PNG or SVG file; empty: none
  std::uint64_t mosaic_filters = 400;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> overrides;
  bool force = false;
  std::uint64_t threads = 0;  ///< 0: all
  bool json = false;
  bool quiet = false;
};

struct TestArguments {
  std::string command_line;
  std::string run_file;
  std::string output;  ///< empty: no file
  std::string split = "test";
  bool force = false;
  bool allow_seen_images = false;
  RunOptions run;
};

struct InspectArguments {
  std::string file;
  std::string populations;
  std::optional<std::uint64_t> trial;
  std::string curve;
  std::string picture;                ///< PNG to draw a memory's rows into; empty: none
  std::optional<std::uint64_t> rows;  ///< in the picture, of each class; none: 40
  bool ascii = false;
  bool json = false;
};

struct CompareArguments {
  std::vector<std::string> files;
  bool json = false;
  bool csv = false;
  bool markdown = false;
};

struct FigureArguments {
  std::string what;  ///< "neurons", "classes", "match" or "settings"
  std::vector<std::string> configs;
  std::string output;  ///< without the ending
  std::vector<std::string> overrides;
  std::vector<std::uint64_t> values;      ///< of max_neurons; empty: the usual ones
  std::vector<std::string> alternatives;  ///< "KEY=A,B,..."
  std::optional<std::uint64_t> runs;      ///< none: the usual number
  double threshold = 0.0;
  std::uint64_t threads = 0;
  bool quiet = false;
};

struct ListArguments {
  std::string what;       ///< empty: everything
  std::string directory;  ///< of the configurations; empty: wherever they are
  bool json = false;
};

struct ConfigArguments {
  std::string config;
  std::vector<std::string> overrides;
  bool reference = false;  ///< instead of a configuration
};

struct BenchArguments {
  BenchOptions options;
  std::string plot;                   ///< empty: none
  std::string suite = "engine";       ///< "engine", "paper", "rate" or "memory"
  std::uint64_t memory_rows = 20000;  ///< of the suite "memory"
  bool json = false;
};

struct PaperArguments {
  PaperOptions options;
  bool curves = false;
  std::uint64_t threads = 0;  ///< 0: all
  bool json = false;
  bool markdown = false;
};

using Arguments =
    std::variant<TrainArguments, BankArguments, TestArguments, InspectArguments, CompareArguments,
                 FigureArguments, ListArguments, ConfigArguments, BenchArguments, PaperArguments>;

/// The command line as arguments; or, after --help, --version or a usage error, which are answered already,
/// the exit code.
std::variant<Arguments, int> parse_command_line(int argc, char** argv);

}  // namespace shallows
