#include "experiments/bench/bench.hpp"
#include "experiments/program/commands.hpp"
#include "experiments/program/console.hpp"
#include "output/text_file.hpp"
#include "sim/error.hpp"

namespace shallows {

int run(const BenchArguments& arguments) {
  if (!arguments.plot.empty() && arguments.options.suite != BenchSuite::engine) {
    throw Error(ErrorKind::configuration,
                "--plot needs --suite engine (it draws that suite's growth); leave one out");
  }
  const nlohmann::json figures = run_bench(arguments.options);
  if (!arguments.plot.empty()) write_text_file(arguments.plot, render_growth(figures));
  if (arguments.json) {
    print(figures);
  } else {
    print(render_bench(figures));
  }
  return exit_code::kDone;
}

}  // namespace shallows
