#include "experiments/study/incremental.hpp"

#include <fmt/format.h>

#include "experiments/program/commands/commands.hpp"
#include "experiments/program/console.hpp"
#include "experiments/program/options.hpp"
#include "experiments/program/thread_limit.hpp"
#include "output/file/text_file.hpp"

namespace shallows {
namespace {

struct IncrementalArguments {
  std::vector<std::string> configs;
  std::string output;  ///< without the ending
  std::vector<std::string> overrides;
  std::uint64_t threads = 0;  ///< 0: all
  bool quiet = false;
};

void add_options(CLI::App& command, IncrementalArguments& arguments) {
  command.add_option("configs", arguments.configs, "A configuration for each network")
      ->required()
      ->type_name("CONFIG.toml");
  command.add_option("-o,--output", arguments.output, "Files to write: NAME.csv and NAME.svg")
      ->required()
      ->type_name("NAME");
  add_set(command, arguments.overrides);
  add_threads(command, arguments.threads);
  command.add_flag("-q,--quiet", arguments.quiet, "No progress on stderr");
}

int run(const IncrementalArguments& arguments) {
  const ThreadLimit limit(arguments.threads);
  std::vector<Config> configs;
  for (const std::string& path : arguments.configs) {
    configs.push_back(read_configuration(path, arguments.overrides));
    prepare_output(arguments.output + ".csv", path);
  }
  const auto curves = incremental_learning(configs, [&](const ClassesCurve& curve) {
    if (arguments.quiet) return;
    note(fmt::format("{}: {:.2f} % after {} classes", curve.name, curve.accuracies.back(),
                     curve.accuracies.size()));
  });
  const std::string csv = classes_csv(curves);
  write_text_file(arguments.output + ".csv", csv);
  write_text_file(arguments.output + ".svg",
                  classes_svg(curves, "Classes one after the other, " + configs.front().dataset.name));
  print(csv);
  return exit_code::kDone;
}

}  // namespace

Command incremental_command() {
  return {"incremental", "Class-incremental learning: classes one after the other, the accuracy after each",
          add<IncrementalArguments, add_options, run>};
}

}  // namespace shallows
