#include "experiments/bench/bench.hpp"
#include "experiments/bench/memory_bench.hpp"
#include "experiments/program/commands.hpp"
#include "experiments/program/console.hpp"
#include "output/text_file.hpp"
#include "sim/error.hpp"

namespace shallows {

int run(const BenchArguments& arguments) {
  if (!arguments.plot.empty() &&
      (arguments.memory_rows > 0 || arguments.options.suite != BenchSuite::engine)) {
    throw Error(ErrorKind::configuration,
                "--plot needs --suite engine (it draws that suite's growth); leave one out");
  }
  const bool memory = arguments.memory_rows > 0;
  const nlohmann::json figures =
      memory ? run_memory_bench({.rows = arguments.memory_rows, .threads = arguments.options.threads})
             : run_bench(arguments.options);
  if (!arguments.plot.empty()) write_text_file(arguments.plot, render_growth(figures));
  if (arguments.json) {
    print(figures);
  } else {
    print(memory ? render_memory_bench(figures) : render_bench(figures));
  }
  return exit_code::kDone;
}

}  // namespace shallows
