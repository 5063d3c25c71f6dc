#include "experiments/study/spiking_match.hpp"

#include <fmt/format.h>

#include "experiments/program/commands/commands.hpp"
#include "experiments/program/console.hpp"
#include "experiments/program/options.hpp"
#include "experiments/program/thread_limit.hpp"
#include "output/file/text_file.hpp"

namespace shallows {
namespace {

struct MatchArguments {
  std::string config;
  std::string output;  ///< without the ending
  std::vector<std::string> overrides;
  std::vector<std::uint64_t> values = {100, 1000, 2000};
  std::uint64_t threads = 0;  ///< 0: all
  bool quiet = false;
};

void add_options(CLI::App& command, MatchArguments& arguments) {
  add_configuration(command, arguments.config)->required();
  command.add_option("-o,--output", arguments.output, "Files to write: NAME.csv and NAME.svg")
      ->required()
      ->type_name("NAME");
  command.add_option("--values", arguments.values, "Numbers of rows (default: 100, 1000 and 2000)")
      ->type_name("N,N,...")
      ->delimiter(',')
      ->check(whole_number_from(1));
  add_set(command, arguments.overrides);
  add_threads(command, arguments.threads);
  command.add_flag("-q,--quiet", arguments.quiet, "No progress on stderr");
}

int run(const MatchArguments& arguments) {
  const ThreadLimit limit(arguments.threads);
  const Config config = read_configuration(arguments.config, arguments.overrides);
  prepare_output(arguments.output + ".csv", arguments.config);
  const Dataset dataset = load_dataset(config.dataset);
  const auto points = spiking_match(config, dataset, arguments.values, [&](const MatchPoint& point) {
    if (arguments.quiet) return;
    note(fmt::format(
        "{} rows, {}: {:.2f} %, {:.0f} input and {:.0f} row spikes per image, first after {:.2f} ms",
        point.max_neurons, point.match, point.accuracy, point.input_spikes, point.row_spikes,
        point.first_spike_ms));
  });
  const std::string csv = match_csv(points);
  write_text_file(arguments.output + ".csv", csv);
  write_text_file(arguments.output + ".svg",
                  match_svg(points, "Distances and spiking rows, " + dataset.name));
  print(csv);
  return exit_code::kDone;
}

}  // namespace

Command spiking_match_command() {
  return {"spiking-match",
          "A memory whose rows are spiking neurons against distances: accuracy, spikes, latency",
          add<MatchArguments, add_options, run>};
}

}  // namespace shallows
