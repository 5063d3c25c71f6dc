// What the benchmarks work on: the paper's spiking network and MNIST.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "encoders/receptive_fields.hpp"
#include "experiments/data/dataset.hpp"
#include "models/spiking/spiking_network.hpp"

namespace shallows {

inline constexpr std::uint64_t kBenchSeed = 1;
inline constexpr std::size_t kBenchClasses = 10;

/// Seconds that f() takes.
template <class F>
double seconds(F&& f) {
  const auto start = std::chrono::steady_clock::now();
  std::forward<F>(f)();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Operations (a multiply-add is two) per second of large products, one on each thread. The best of a few, as
/// what the machine can do is asked for.
double product_rate(std::uint64_t threads);

/// The network of Illing et al. (2019) with `hidden` neurons that see patch x patch pixels (Gabor filters of
/// L1 norm 40 mV, as released), and the arrivals at its hidden layer for the first training images.
struct Workload {
  SpikingParams params;
  ReceptiveFields bank;
  Thresholds thresholds;
  TimeMs duration;
  std::vector<SpikeTrain> arrivals;
  double input_seconds = 0.0;  ///< what the arrivals took to make

  Workload(const ImageSet& images, std::size_t hidden, std::size_t patch, std::size_t count);

  std::vector<double> drives_mV() const { return std::vector<double>(bank.size(), params.hidden_bias_mV); }
  std::vector<double> rest_mV() const { return std::vector<double>(bank.size(), params.neuron.reset_mV); }
};

}  // namespace shallows
