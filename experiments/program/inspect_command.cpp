#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>
#include <utility>

#include "experiments/config/config_parser.hpp"
#include "experiments/program/commands.hpp"
#include "experiments/program/console.hpp"
#include "output/view/inspect.hpp"
#include "output/view/memory_picture.hpp"
#include "sim/core/error.hpp"

namespace shallows {
namespace {

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

}  // namespace

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

}  // namespace shallows
