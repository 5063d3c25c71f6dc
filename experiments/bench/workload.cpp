#include "experiments/bench/workload.hpp"

#include "encoders/current_encoder.hpp"
#include "encoders/fixed_fields.hpp"
#include "sim/core/delay_line.hpp"

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

}  // namespace shallows
