#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "experiments/config_parser.hpp"
#include "experiments/program/commands.hpp"
#include "experiments/program/console.hpp"
#include "output/inspect.hpp"
#include "output/memory_picture.hpp"

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

}  // namespace

int run(const InspectArguments& arguments) {
  const h5::File file = h5::File::open(arguments.file);
  if (!arguments.picture.empty()) {
    prepare_output(arguments.picture, arguments.file);
    write_png(arguments.picture, memory_picture(file, arguments.rows));
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
