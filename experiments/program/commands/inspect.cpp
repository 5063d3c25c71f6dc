#include "output/view/inspect.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "experiments/config/config_parser.hpp"
#include "experiments/program/commands/commands.hpp"
#include "experiments/program/console.hpp"
#include "experiments/program/options.hpp"
#include "output/view/memory_picture.hpp"
#include "sim/core/error.hpp"

namespace shallows {
namespace {

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

void add_options(CLI::App& command, InspectArguments& arguments) {
  command.add_option("file", arguments.file, "Run, test, checkpoint or any SONATA spike file")
      ->required()
      ->type_name("RUN.h5");
  command.add_option("--population", arguments.populations, "Only these populations, e.g. hidden,readout")
      ->type_name("P");
  command.add_option("--trial", arguments.trial, "Show the spikes of this trial (from 0) as a raster")
      ->type_name("K")
      ->check(whole_number_from(0));
  command.add_option("--curve", arguments.curve, "Columns of /metrics to draw")->type_name("NAMES");
  command.add_option("--picture", arguments.picture, "Draw the rows of a memory network into this file")
      ->type_name("ROWS.png");
  command.add_option("--rows", arguments.rows, "Rows of each class in the picture (default: 40)")
      ->type_name("N")
      ->check(whole_number_from(1));
  command.add_flag("--ascii", arguments.ascii, "Draw with ASCII characters only");
  command.add_flag("--json", arguments.json, "Print one JSON object on stdout instead of text");
}

std::size_t terminal_width() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) return size.ws_col;
  return 100;
}

/// Whether the locale can show more than ASCII.
bool speaks_unicode() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view locale(value);
    return locale != "C" && locale != "POSIX";
  }
  return true;  // nothing said: today's terminals do
}

[[noreturn]] void refuse(const std::string& option, const std::string& why, const std::string& suggestion) {
  throw Error(ErrorKind::configuration, option + " has no effect here (" + why + "); " + suggestion);
}

/// Options that would not be heard.
void check(const InspectArguments& arguments) {
  if (arguments.rows && arguments.picture.empty())
    refuse("--rows", "it says how many rows are drawn into a picture", "name the picture with --picture");
  if (arguments.json && arguments.ascii)
    refuse("--ascii", "JSON has no drawing", "leave --ascii or --json out");
  if (arguments.picture.empty()) return;
  const std::pair<const char*, bool> others[] = {{"--trial", arguments.trial.has_value()},
                                                 {"--curve", !arguments.curve.empty()},
                                                 {"--population", !arguments.populations.empty()},
                                                 {"--ascii", arguments.ascii},
                                                 {"--json", arguments.json}};
  for (const auto& [option, given] : others) {
    if (given)
      refuse(option, "--picture draws the rows of a memory network, nothing else", "inspect it twice");
  }
}

int run(const InspectArguments& arguments) {
  check(arguments);
  const h5::File file = h5::File::open(arguments.file);
  if (!arguments.picture.empty()) {
    prepare_output(arguments.picture, arguments.file);
    write_png(arguments.picture, memory_picture(file, arguments.rows.value_or(40)));
    print("rows drawn into " + arguments.picture + "\n");
    return exit_code::kDone;
  }
  InspectOptions options;
  options.populations = split_list(arguments.populations);
  options.trial = arguments.trial;
  options.curve = split_list(arguments.curve);
  options.width = terminal_width();
  options.glyphs = arguments.ascii || !speaks_unicode() ? Glyphs::ascii : Glyphs::unicode;
  if (arguments.json) {
    print(inspect_json(file, options));
  } else {
    print(inspect_text(file, options));
  }
  return exit_code::kDone;
}

}  // namespace

Command inspect_command() {
  return {"inspect",
          "Show what is in a file: tree, populations, rates, intervals, learning curve, raster of a trial",
          add<InspectArguments, add_options, run>};
}

}  // namespace shallows
