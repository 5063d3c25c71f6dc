#include "experiments/bench/bench.hpp"
#include "experiments/bench/memory_bench.hpp"
#include "experiments/bench/rate_bench.hpp"
#include "experiments/program/commands.hpp"
#include "experiments/program/console.hpp"
#include "output/file/text_file.hpp"
#include "sim/core/error.hpp"

namespace shallows {
namespace {

void print_figures(const nlohmann::json& figures, const std::string& text, bool json) {
  if (json) {
    print(figures);
  } else {
    print(text);
  }
}

}  // namespace

int run(const BenchArguments& arguments) {
  if (!arguments.plot.empty() && arguments.suite != "engine") {
    throw Error(ErrorKind::configuration,
                "--plot needs --suite engine (it draws that suite's growth); leave one out");
  }
  if (arguments.suite == "memory") {
    const nlohmann::json figures =
        run_memory_bench({.rows = arguments.memory_rows, .threads = arguments.options.threads});
    print_figures(figures, render_memory_bench(figures), arguments.json);
    return exit_code::kDone;
  }
  if (arguments.suite == "rate") {
    const nlohmann::json figures = run_rate_bench({.hidden = arguments.options.hidden,
                                                   .patch = arguments.options.patch,
                                                   .images = arguments.options.images});
    print_figures(figures, render_rate_bench(figures), arguments.json);
    return exit_code::kDone;
  }
  BenchOptions options = arguments.options;
  options.suite = arguments.suite == "paper" ? BenchSuite::paper : BenchSuite::engine;
  const nlohmann::json figures = run_bench(options);
  print_figures(figures, render_bench(figures), arguments.json);
  // Last, so that a plot that can't be written costs no figures.
  if (!arguments.plot.empty()) write_text_file(arguments.plot, render_growth(figures));
  return exit_code::kDone;
}

}  // namespace shallows
