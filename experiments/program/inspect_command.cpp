#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string_view>

#include "experiments/config_parser.hpp"
#include "experiments/program/options.hpp"
#include "output/inspect.hpp"

namespace shallows {
namespace {

struct InspectArguments {
  std::string file;
  std::string populations;
  std::optional<std::uint64_t> trial;
  std::string curve;
  bool ascii = false;
  bool json = false;
};

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

int inspect(const InspectArguments& arguments) {
  const h5::File file = h5::File::open(arguments.file);
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

Command add_inspect_command(CLI::App& app) {
  auto arguments = std::make_shared<InspectArguments>();
  CLI::App* command = app.add_subcommand(
      "inspect",
      "Show what is in a file: tree, populations, rates, intervals, learning curve, raster of a trial");
  command->add_option("file", arguments->file, "Run, test, checkpoint or any SONATA spike file")
      ->required()
      ->type_name("RUN.h5");
  command->add_option("--population", arguments->populations, "Only these populations, e.g. hidden,readout")
      ->type_name("P");
  command->add_option("--trial", arguments->trial, "Show the spikes of this trial (from 0) as a raster")
      ->type_name("K")
      ->check(whole_number_from(0));
  command->add_option("--curve", arguments->curve, "Columns of /metrics to draw")->type_name("NAMES");
  command->add_flag("--ascii", arguments->ascii, "Draw with ASCII characters only");
  command->add_flag("--json", arguments->json, "Print one JSON object on stdout instead of text");
  return [arguments] { return inspect(*arguments); };
}

}  // namespace shallows
