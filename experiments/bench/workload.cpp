#include "experiments/bench/workload.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>

#include "encoders/current_encoder.hpp"
#include "encoders/fixed_fields.hpp"
#include "sim/core/aligned_vector.hpp"
#include "sim/core/delay_line.hpp"
#include "sim/vector/matrix_product.hpp"

namespace shallows {

Workload::Workload(const ImageSet& images, std::size_t hidden, std::size_t patch, std::size_t count)
    : bank(
          make_gabor_fields({}, {.size = hidden, .patch = patch, .scale = 40.0}, images.shape(), kBenchSeed)),
      thresholds(draw_thresholds(params.threshold,
                                 std::vector<std::size_t>{images.shape().pixels(), hidden, kBenchClasses},
                                 kBenchSeed)),
      duration(params.protocol.transient_ms + params.protocol.learning_ms),
      arrivals(count) {
  const CurrentEncoder encoder(params.input, params.neuron, thresholds.front());
  const auto present = [&](const auto& arrivals_of) {
    CurrentEncoder::State state(encoder.size());
    DelayLine line(params.delay_ms);
    SpikeTrain train;
    for (std::size_t k = 0; k < count; ++k) {
      encoder.encode(images.image(k % images.size()), duration, state, train);
      line.advance(train, duration, arrivals_of(k));
    }
  };
  present([&](std::size_t k) -> SpikeTrain& { return arrivals[k]; });
  // Timed as the network does it, in memory that it keeps.
  SpikeTrain kept;
  input_seconds = seconds([&] { present([&](std::size_t) -> SpikeTrain& { return kept; }); });
}

double product_rate(std::uint64_t threads) {
  constexpr std::size_t kSide = 1024;
  constexpr int kRepetitions = 5;
  const AlignedVector<float> a(kSide * kSide, 0.5F), b(kSide * kSide, 0.25F);
  std::vector<AlignedVector<float>> results(threads, AlignedVector<float>(kSide * kSide));
  double best = 0.0;
  for (int k = 0; k < kRepetitions; ++k) {
    const double time = seconds([&] {
      tbb::parallel_for(
          std::size_t{0}, results.size(),
          [&](std::size_t t) {
            multiply(kSide, kSide, kSide, {a.data(), kSide, 1}, {b.data(), kSide, 1}, results[t].data(),
                     kSide, Sum::fresh);
          },
          tbb::static_partitioner{});
    });
    const auto side = static_cast<double>(kSide);
    best = std::max(best, 2.0 * side * side * side * static_cast<double>(threads) / time);
  }
  return best;
}

}  // namespace shallows
