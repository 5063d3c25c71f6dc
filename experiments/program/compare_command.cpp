#include <memory>

#include "experiments/program/options.hpp"
#include "experiments/run/result.hpp"
#include "output/comparison.hpp"
#include "output/run_file.hpp"

namespace shallows {
namespace {

struct CompareArguments {
  std::vector<std::string> files;
  bool json = false;
  bool csv = false;
  bool markdown = false;
};

int compare(const CompareArguments& arguments) {
  std::vector<ComparisonRow> rows;
  for (const std::string& file : arguments.files)
    rows.push_back(to_comparison_row(file, RunReader(file).summary()));
  if (arguments.json) {
    print(comparison_json(rows));
  } else if (arguments.csv) {
    print(comparison_csv(rows));
  } else if (arguments.markdown) {
    print(comparison_markdown(rows));
  } else {
    print(comparison_table(rows));
  }
  return exit_code::kDone;
}

}  // namespace

Command add_compare_command(CLI::App& app) {
  auto arguments = std::make_shared<CompareArguments>();
  CLI::App* command = app.add_subcommand(
      "compare", "Compare runs: accuracy with its 95 % interval, spikes, operations, time");
  command->add_option("runs", arguments->files, "Run or test files")->required()->type_name("RUN.h5");
  auto* json = command->add_flag("--json", arguments->json, "An array of rows");
  auto* csv = command->add_flag("--csv", arguments->csv, "Comma-separated values");
  auto* markdown = command->add_flag("--markdown", arguments->markdown, "A Markdown table");
  json->excludes(csv)->excludes(markdown);
  csv->excludes(markdown);
  return [arguments] { return compare(*arguments); };
}

}  // namespace shallows
