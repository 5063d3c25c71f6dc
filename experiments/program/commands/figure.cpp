#include <fmt/format.h>

#include "experiments/data/dataset.hpp"
#include "experiments/program/commands/commands.hpp"
#include "experiments/program/console.hpp"
#include "experiments/program/options.hpp"
#include "experiments/program/thread_limit.hpp"
#include "experiments/run/statistics.hpp"
#include "experiments/study/classes_figure.hpp"
#include "experiments/study/match_figure.hpp"
#include "experiments/study/neurons_figure.hpp"
#include "experiments/study/settings_figure.hpp"
#include "experiments/study/short_run.hpp"
#include "output/file/text_file.hpp"

namespace shallows {
namespace {

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

void add_options(CLI::App& command, FigureArguments& arguments) {
  command
      .add_option("what", arguments.what,
                  "neurons: accuracy of a memory over its size; classes: accuracy after each added class; "
                  "match: distances against spiking rows; settings: accuracy on validation images of all "
                  "combinations of --vary (CSV only). neurons and settings use finished runs again: "
                  "NAME.runs.json")
      ->required()
      ->check(CLI::IsMember({"neurons", "classes", "match", "settings"}));
  command.add_option("configs", arguments.configs, "Configuration; for classes one for each network")
      ->required()
      ->type_name("CONFIG.toml");
  command.add_option("-o,--output", arguments.output, "Files to write: NAME.csv and NAME.svg")
      ->required()
      ->type_name("NAME");
  command
      .add_option("--runs", arguments.runs,
                  "neurons, settings: runs of each point, with a seed each (default: 5; 1)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1000}));
  command
      .add_option("--values", arguments.values,
                  "neurons, match: sizes (default: 14 from 10 to 40000; 100, 1000 and 2000)")
      ->type_name("N,N,...")
      ->delimiter(',')
      ->check(whole_number_from(1));
  command
      .add_option("--threshold", arguments.threshold,
                  "neurons: draw a second curve, with this novelty threshold")
      ->check(positive_number());
  command
      .add_option("--vary", arguments.alternatives,
                  "settings: values that a configuration key takes in turn; may be repeated")
      ->type_name("KEY=A,B,...")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  add_set(command, arguments.overrides);
  add_threads(command, arguments.threads);
  command.add_flag("-q,--quiet", arguments.quiet, "No progress on stderr");
}

std::vector<Config> read_configs(const FigureArguments& arguments) {
  std::vector<Config> configs;
  for (const std::string& path : arguments.configs) {
    configs.push_back(read_configuration(path, arguments.overrides));
    prepare_output(arguments.output + ".csv", path);
  }
  return configs;
}

void write(const FigureArguments& arguments, const std::string& csv, const std::string& svg) {
  write_text_file(arguments.output + ".csv", csv);
  write_text_file(arguments.output + ".svg", svg);
  print(csv);
}

std::string runs_file(const FigureArguments& arguments) { return arguments.output + ".runs.json"; }

void draw_neurons(const FigureArguments& arguments, const Config& config) {
  NeuronsFigureOptions options{.runs = arguments.runs.value_or(5), .threshold = arguments.threshold};
  if (!arguments.values.empty()) options.values = arguments.values;
  const Dataset dataset = load_dataset(config.dataset);
  check_against_data(config, dataset.train.shape());
  FinishedRuns finished(runs_file(arguments), "test", dataset.identity);
  const auto points = neurons_figure(config, dataset, options, finished, [&](const NeuronsPoint& point) {
    if (arguments.quiet) return;
    note(fmt::format("max_neurons {}, threshold {:g}: {:.2f} % +- {:.2f}, {:.0f} rows", point.max_neurons,
                     point.threshold, mean_of(point.accuracies), deviation_of(point.accuracies), point.rows));
  });
  write(arguments, neurons_csv(points),
        neurons_svg(points, fmt::format("Memory network on {}, {} runs", dataset.name, options.runs)));
}

void draw_classes(const FigureArguments& arguments, const std::vector<Config>& configs) {
  const auto curves = classes_figure(configs, [&](const ClassesCurve& curve) {
    if (arguments.quiet) return;
    note(fmt::format("{}: {:.2f} % after {} classes", curve.name, curve.accuracies.back(),
                     curve.accuracies.size()));
  });
  write(arguments, classes_csv(curves),
        classes_svg(curves, "Classes one after the other, " + configs.front().dataset.name));
}

void draw_match(const FigureArguments& arguments, const Config& config) {
  const Dataset dataset = load_dataset(config.dataset);
  const std::vector<std::uint64_t> values =
      arguments.values.empty() ? std::vector<std::uint64_t>{100, 1000, 2000} : arguments.values;
  const auto points = match_figure(config, dataset, values, [&](const MatchPoint& point) {
    if (arguments.quiet) return;
    note(fmt::format(
        "{} rows, {}: {:.2f} %, {:.0f} input and {:.0f} row spikes per image, first after {:.2f} ms",
        point.max_neurons, point.match, point.accuracy, point.input_spikes, point.row_spikes,
        point.first_spike_ms));
  });
  write(arguments, match_csv(points), match_svg(points, "Distances and spiking rows, " + dataset.name));
}

void draw_settings(const FigureArguments& arguments) {
  std::vector<Alternatives> alternatives;
  for (const std::string& text : arguments.alternatives) alternatives.push_back(parse_alternatives(text));
  const std::string& path = arguments.configs.front();
  // Without the alternatives the file need not be valid: a threshold wants a gate, for example.
  auto points = settings_grid(path, arguments.overrides, alternatives);
  prepare_output(arguments.output + ".csv", path);
  const Dataset dataset = load_dataset(points.front().config.dataset);
  for (const SettingsPoint& point : points) check_against_data(point.config, dataset.train.shape());
  FinishedRuns finished(runs_file(arguments), "validation", dataset.identity);
  const std::uint64_t runs = arguments.runs.value_or(1);
  settings_figure(points, dataset, runs, finished, [&](const SettingsPoint& point) {
    const std::string what = settings_text(alternatives, point);
    if (!point.failure.empty()) {
      note(fmt::format("{}: {}", what, point.failure));
    } else if (!arguments.quiet) {
      note(fmt::format("{}: {:.2f} % of {} validation images", what, mean_of(point.accuracies),
                       dataset.validation.size()));
    }
  });
  const std::string csv = settings_csv(alternatives, points);
  write_text_file(arguments.output + ".csv", csv);
  print(csv);
}

int run(const FigureArguments& arguments) {
  const ThreadLimit limit(arguments.threads);
  if (arguments.what == "classes") {
    draw_classes(arguments, read_configs(arguments));
    return exit_code::kDone;
  }
  if (arguments.configs.size() != 1) {
    throw Error(ErrorKind::configuration, "'figure " + arguments.what + "' takes one configuration (" +
                                              std::to_string(arguments.configs.size()) +
                                              " were given); draw the figures one by one");
  }
  if (arguments.what == "settings") {
    draw_settings(arguments);
  } else if (arguments.what == "match") {
    draw_match(arguments, read_configs(arguments).front());
  } else {
    draw_neurons(arguments, read_configs(arguments).front());
  }
  return exit_code::kDone;
}

}  // namespace

Command figure_command() {
  return {"figure", "Train and test many networks, and write what came out as CSV and SVG",
          add<FigureArguments, add_options, run>};
}

}  // namespace shallows
