#include "experiments/program/thread_limit.hpp"

#include <tbb/global_control.h>
#include <tbb/info.h>

namespace shallows {

struct ThreadLimit::Control {
  explicit Control(std::size_t threads) : limit(tbb::global_control::max_allowed_parallelism, threads) {}
  tbb::global_control limit;  // made in place: it can be copied, but then the copied one ends the limit
};

ThreadLimit::ThreadLimit(std::uint64_t threads)
    : threads_(threads != 0 ? threads : static_cast<std::uint64_t>(tbb::info::default_concurrency())),
      control_(std::make_unique<Control>(threads_)) {}

ThreadLimit::~ThreadLimit() = default;

}  // namespace shallows
