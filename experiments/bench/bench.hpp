// What `shallows bench` measures: the engines on the paper's network, side by side in one run.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace shallows {

enum class BenchSuite {
  engine,  ///< every figure of the engine: layer, stages, threads, recording, growth, the authors' scheme
  paper,   ///< the whole training as in the paper, extrapolated to its number of presentations
};

struct BenchOptions {
  BenchSuite suite = BenchSuite::engine;
  std::uint64_t hidden = 5000;
  std::uint64_t patch = 10;
  std::uint64_t images = 200;  ///< presentations for the fast engine; the slow ones get fewer
  std::uint64_t threads = 0;   ///< 0: all cores
};

/// Needs MNIST. Throws Error (data).
nlohmann::json run_bench(const BenchOptions& options);

std::string render_bench(const nlohmann::json& figures);

/// Time per synaptic event over the sizes of the layer, as SVG. Needs the figures of the engine suite.
std::string render_growth(const nlohmann::json& figures);

}  // namespace shallows
