#include "experiments/bench/bench.hpp"
#include "experiments/bench/memory_bench.hpp"
#include "experiments/program/commands.hpp"
#include "experiments/program/console.hpp"

namespace shallows {

int run(const BenchArguments& arguments) {
  const bool memory = arguments.memory_rows > 0;
  const nlohmann::json figures =
      memory ? run_memory_bench({.rows = arguments.memory_rows, .threads = arguments.options.threads})
             : run_bench(arguments.options);
  if (arguments.json) {
    print(figures);
  } else {
    print(memory ? render_memory_bench(figures) : render_bench(figures));
  }
  return exit_code::kDone;
}

}  // namespace shallows
