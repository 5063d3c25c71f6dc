// What `shallows bench --suite rate` measures: online updates of the rate network l-RG on one thread, against
// what the core's arithmetic and its second-level cache allow in the same run.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace shallows {

struct RateBenchOptions {
  std::uint64_t hidden = 5000;
  std::uint64_t patch = 10;
  std::uint64_t images = 200;  ///< updates are a hundred times as many
};

/// Needs MNIST. Throws Error (data).
nlohmann::json run_rate_bench(const RateBenchOptions& options);

std::string render_rate_bench(const nlohmann::json& figures);

}  // namespace shallows
