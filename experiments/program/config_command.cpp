#include "experiments/config/config.hpp"
#include "experiments/program/commands.hpp"
#include "experiments/program/console.hpp"

namespace shallows {

int run(const ConfigArguments& arguments) {
  print(to_toml(read_configuration(arguments.config, arguments.overrides), Comments::yes));
  return exit_code::kDone;
}

}  // namespace shallows
