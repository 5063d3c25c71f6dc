// What the feature learners learn from: many real vectors, read one at a time; and a way to say how far they
// are.
#pragma once

#include <Eigen/Core>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "encoders/image.hpp"

namespace shallows {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct Samples {
  std::size_t count;
  std::size_t dimension;
  /// Writes sample i (dimension values). May be called from many threads.
  std::function<void(std::size_t i, std::span<double> out)> read;
};

/// The first `count` centered images, restricted to these pixels. The images must outlive it.
Samples pixel_samples(const ImageSet& images, std::vector<std::uint32_t> pixels, std::size_t count);

/// Online learners advance their monitor by so many steps at a time.
inline constexpr std::uint64_t kReportInterval = 1000;

/// Counts steps of work over threads. `report` is called by one thread at a time; it returns false to stop.
class FitMonitor {
 public:
  using Report = std::function<bool(std::uint64_t done, std::uint64_t total)>;

  FitMonitor(std::uint64_t total, Report report) : total_(total), report_(std::move(report)) {}

  /// False if the fit is to stop; its result is then worth nothing.
  bool advance(std::uint64_t steps) {
    const std::lock_guard lock(mutex_);
    done_ += steps;
    if (report_ && !report_(done_, total_)) stopped_ = true;
    return !stopped_;
  }
  bool stopped() const { return stopped_; }

 private:
  std::mutex mutex_;
  std::uint64_t done_ = 0;
  std::uint64_t total_;
  Report report_;
  std::atomic<bool> stopped_ = false;
};

}  // namespace shallows
