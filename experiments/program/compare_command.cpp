#include "experiments/program/commands.hpp"
#include "experiments/program/console.hpp"
#include "experiments/run/stored/result.hpp"
#include "output/record/run_file.hpp"
#include "output/view/comparison.hpp"
#include "sim/core/error.hpp"

namespace shallows {

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

}  // namespace shallows
