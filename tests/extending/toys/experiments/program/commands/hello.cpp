// hello: says what it was told.
#include "experiments/program/commands/commands.hpp"
#include "experiments/program/console.hpp"

namespace shallows {
namespace {

struct HelloArguments {
  std::string name = "world";
};

void add_options(CLI::App& command, HelloArguments& arguments) {
  command.add_option("name", arguments.name, "Whom to greet");
}

int run(const HelloArguments& arguments) {
  print("hello, " + arguments.name + "\n");
  return exit_code::kDone;
}

}  // namespace

Command hello_command() {
  return {"hello", "Say hello, and nothing else", add<HelloArguments, add_options, run>};
}

}  // namespace shallows
