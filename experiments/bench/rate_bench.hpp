// What `shallows bench --suite rate` measures: online updates of the rate network l-RG on one thread, against
// what the core's arithmetic and its second-level cache allow; and dense networks (dense_bench.cpp), in batches
// against a large matrix product, online against reading and writing their weights once. All in one run.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace shallows {

struct RateBenchOptions {
  std::uint64_t hidden = 5000;  ///< of l-RG
  std::uint64_t patch = 10;     ///< of l-RG
  std::uint64_t images =
      200;  ///< updates of l-RG are a hundred times as many, those of dense networks as many
  std::uint64_t threads = 0;  ///< of dense networks; 0: all cores
};

/// Both need MNIST. Throw Error (data).
nlohmann::json run_rate_bench(const RateBenchOptions& options);
nlohmann::json run_dense_bench(const RateBenchOptions& options);

std::string render_rate_bench(const nlohmann::json& figures);
std::string render_dense_bench(const nlohmann::json& figures);

}  // namespace shallows
