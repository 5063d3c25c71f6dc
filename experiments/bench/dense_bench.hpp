// What `shallows bench --suite rate` measures of dense networks: training in batches beside a large matrix
// product, and online rules beside reading and writing their weights once, all in one run.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace shallows {

struct DenseBenchOptions {
  std::uint64_t images = 200;  ///< online updates; those of batches are as many
  std::uint64_t threads = 0;   ///< 0: all cores
};

/// Needs MNIST. Throws Error (data).
nlohmann::json run_dense_bench(const DenseBenchOptions& options);

std::string render_dense_bench(const nlohmann::json& figures);

}  // namespace shallows
