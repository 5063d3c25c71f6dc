#include "experiments/program/thread_limit.hpp"

#include <tbb/global_control.h>
#include <tbb/info.h>

namespace shallows {

struct ThreadLimit::Control {
  tbb::global_control limit;
};

ThreadLimit::ThreadLimit(std::uint64_t threads)
    : threads_(threads != 0 ? threads : static_cast<std::uint64_t>(tbb::info::default_concurrency())) {
  control_ = std::make_unique<Control>(
      Control{tbb::global_control(tbb::global_control::max_allowed_parallelism, threads_)});
}

ThreadLimit::~ThreadLimit() = default;

}  // namespace shallows
