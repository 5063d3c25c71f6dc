#include "experiments/bench/bench.hpp"
#include "experiments/program/commands.hpp"
#include "experiments/program/console.hpp"

namespace shallows {

int run(const BenchArguments& arguments) {
  const nlohmann::json figures = run_bench(arguments.options);
  if (arguments.json) {
    print(figures);
  } else {
    print(render_bench(figures));
  }
  return exit_code::kDone;
}

}  // namespace shallows
