#include "experiments/bench/bench.hpp"

#include <nlohmann/json.hpp>

#include "experiments/bench/memory_bench.hpp"
#include "experiments/bench/rate_bench.hpp"
#include "experiments/program/commands/commands.hpp"
#include "experiments/program/console.hpp"
#include "output/file/text_file.hpp"
#include "sim/core/error.hpp"

namespace shallows {
namespace {

struct BenchArguments {
  BenchOptions options;
  std::string plot;                   ///< empty: none
  std::string suite = "engine";       ///< "engine", "paper", "rate" or "memory"
  std::uint64_t memory_rows = 20000;  ///< of the suite "memory"
  bool json = false;
};

void add_options(CLI::App& command, BenchArguments& arguments) {
  command.add_option("--hidden", arguments.options.hidden, "Hidden neurons (default: 5000)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100000}));
  command.add_option("--patch", arguments.options.patch, "Side of the patches (default: 10)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{28}));
  command
      .add_option(
          "--suite", arguments.suite,
          "engine: every figure of the engine (default); paper: the training alone, extrapolated to the "
          "paper's 1e6 presentations; rate: updates of l-rg and of dense networks against the machine's "
          "limits; memory: a memory "
          "network beside a matrix product")
      ->check(CLI::IsMember({"engine", "paper", "rate", "memory"}));
  command.add_option("--plot", arguments.plot, "Write time per synaptic event over the sizes as SVG here")
      ->option_text("FILE.svg");
  command
      .add_option("--images", arguments.options.images, "Presentations for the fast engine (default: 200)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{60000}));
  command
      .add_option("--threads", arguments.options.threads,
                  "Compare one thread with so many (default: all cores)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1024}));
  command
      .add_option("--rows", arguments.memory_rows, "Rows of the suite memory, at least 10 (default: 20000)")
      ->check(CLI::Range(std::uint64_t{10}, std::uint64_t{60000}));
  command.add_flag("--json", arguments.json, "Print one JSON object on stdout instead of text");
}

void print_figures(const nlohmann::json& figures, const std::string& text, bool json) {
  if (json) {
    print(figures);
  } else {
    print(text);
  }
}

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
    const RateBenchOptions options = {.hidden = arguments.options.hidden,
                                      .patch = arguments.options.patch,
                                      .images = arguments.options.images,
                                      .threads = arguments.options.threads};
    nlohmann::json figures = run_rate_bench(options);
    figures["dense"] = run_dense_bench(options);
    print_figures(figures, render_rate_bench(figures) + render_dense_bench(figures["dense"]), arguments.json);
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

}  // namespace

Command bench_command() {
  return {"bench", "Time the engines on the paper's network, side by side in one run (needs MNIST)",
          add<BenchArguments, add_options, run>};
}

}  // namespace shallows
