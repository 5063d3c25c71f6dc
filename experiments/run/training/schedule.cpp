#include "experiments/run/training/schedule.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

#include "sim/core/rng.hpp"

namespace shallows {
namespace {

std::uint64_t presentations_of(double epochs, std::size_t images) {
  if (epochs == 0.0) return 0;
  return static_cast<std::uint64_t>(std::max(1LL, std::llround(epochs * static_cast<double>(images))));
}

}  // namespace

Schedule::Schedule(const TrainingConfig& training, std::size_t images, std::uint64_t seed)
    : training_(training),
      images_(images),
      seed_(seed),
      presentations_(presentations_of(training.epochs, images)),
      shuffled_epoch_(std::numeric_limits<std::uint64_t>::max()) {
  assert(images > 0);
}

std::size_t Schedule::image(std::uint64_t k) {
  if (training_.sampling == Sampling::with_replacement) {
    return Rng(seed_, Purpose::sampling, k).integer(static_cast<std::uint32_t>(images_));
  }
  const std::uint64_t epoch = k / images_;
  if (epoch != shuffled_epoch_) {
    order_.resize(images_);
    std::iota(order_.begin(), order_.end(), 0U);
    Rng(seed_, Purpose::sampling, epoch).shuffle(std::span(order_));
    shuffled_epoch_ = epoch;
  }
  return order_[k % images_];
}

double Schedule::learning_rate(std::uint64_t k) const {
  const double done = static_cast<double>(k) / static_cast<double>(presentations_);
  return training_.learning_rate * std::pow(training_.learning_rate_decay, -done);
}

}  // namespace shallows
