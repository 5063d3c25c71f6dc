// What `shallows bench --suite memory` measures: one pass over MNIST into a memory of raw pixels, and its
// test, beside the rate of a large matrix product in the same run.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace shallows {

struct MemoryBenchOptions {
  std::uint64_t rows = 20000;
  std::uint64_t threads = 0;  ///< 0: all cores
};

/// Needs MNIST. Throws Error (data).
nlohmann::json run_memory_bench(const MemoryBenchOptions& options);

std::string render_memory_bench(const nlohmann::json& figures);

}  // namespace shallows
