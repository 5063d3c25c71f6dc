#include "experiments/program/commands/commands.hpp"
#include "experiments/program/console.hpp"
#include "experiments/run/evaluation/result.hpp"
#include "output/record/run_file.hpp"
#include "output/view/comparison.hpp"
#include "sim/core/error.hpp"

namespace shallows {

namespace {

struct CompareArguments {
  std::vector<std::string> files;
  bool json = false;
  bool csv = false;
  bool markdown = false;
};

void add_options(CLI::App& command, CompareArguments& arguments) {
  command.add_option("runs", arguments.files, "Run or test files")->required()->type_name("RUN.h5");
  auto* json = command.add_flag("--json", arguments.json, "An array of rows");
  auto* csv = command.add_flag("--csv", arguments.csv, "Comma-separated values");
  auto* markdown = command.add_flag("--markdown", arguments.markdown, "A Markdown table");
  json->excludes(csv)->excludes(markdown);
  csv->excludes(markdown);
}

int run(const CompareArguments& arguments) {
  std::vector<ComparisonRow> rows;
  for (const std::string& file : arguments.files) {
    const RunReader reader(file);
    if (reader.kind() == FileKind::bank) {
      throw Error(ErrorKind::data,
                  "'" + file +
                      "' holds no test result (it is a bank file: receptive fields without a "
                      "network); train with it, --bank " +
                      file + ", and compare the run");
    }
    rows.push_back(to_comparison_row(file, reader.summary()));
  }
  for (const std::string& warning : comparison_warnings(rows)) note(warning);
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

Command compare_command() {
  return {"compare", "Compare runs: accuracy with its 95 % interval, spikes, operations, time",
          add<CompareArguments, add_options, run>};
}

}  // namespace shallows
