#include "experiments/program/thread_limit.hpp"

#include <gtest/gtest.h>
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>

#include <cstddef>
#include <mutex>
#include <set>
#include <thread>

namespace shallows {
namespace {

std::size_t allowed() {
  return tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism);
}

TEST(ThreadLimit, HoldsWhileItLives) {
  const std::size_t before = allowed();
  {
    const ThreadLimit limit(1);
    EXPECT_EQ(limit.threads(), 1U);
    EXPECT_EQ(allowed(), 1U);
    std::mutex mutex;
    std::set<std::thread::id> workers;
    tbb::parallel_for(0, 1000, [&](int) {
      const std::lock_guard lock(mutex);
      workers.insert(std::this_thread::get_id());
    });
    EXPECT_EQ(workers, std::set{std::this_thread::get_id()});
  }
  EXPECT_EQ(allowed(), before);
}

TEST(ThreadLimit, TakesAllCoresForZero) {
  const ThreadLimit limit(0);
  EXPECT_EQ(limit.threads(), static_cast<std::size_t>(tbb::info::default_concurrency()));
}

}  // namespace
}  // namespace shallows
