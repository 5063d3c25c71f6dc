#include <memory>

#include "experiments/bench/bench.hpp"
#include "experiments/program/options.hpp"

namespace shallows {

Command add_bench_command(CLI::App& app) {
  struct Arguments {
    BenchOptions options;
    bool json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "bench", "Time the engines on the paper's network, side by side in one run (needs MNIST)");
  command->add_option("--hidden", arguments->options.hidden, "Hidden neurons (default: 5000)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100000}));
  command->add_option("--patch", arguments->options.patch, "Side of the patches (default: 10)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{28}));
  command
      ->add_option("--images", arguments->options.images, "Presentations for the fast engine (default: 200)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{60000}));
  command
      ->add_option("--threads", arguments->options.threads,
                   "Compare one thread with so many (default: all cores)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1024}));
  command->add_flag("--json", arguments->json, "Print one JSON object on stdout instead of text");
  return [arguments] {
    const nlohmann::json figures = run_bench(arguments->options);
    if (arguments->json) {
      print(figures);
    } else {
      print(render_bench(figures));
    }
    return exit_code::kDone;
  };
}

}  // namespace shallows
