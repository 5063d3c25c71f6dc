// Counter-based random streams (Philox 4x32-10, Salmon et al. 2011, from Random123).
//
// A stream is keyed by (seed, purpose, index): sample 17 gets the same numbers alone, in a batch, on another
// thread or after a resume. The mappings to reals, integers and permutations are ours, because the standard
// leaves those of std::*_distribution to the library.
#pragma once

#include <Random123/philox.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace shallows {

/// What a stream is for. The values are part of the file format: append, never renumber.
enum class Purpose : std::uint32_t {
  receptive_field_position = 1,
  receptive_field_shape = 2,
  hidden_bias = 3,
  threshold = 4,
  initial_voltage = 5,
  readout_weight = 6,
  readout_bias = 7,
  sampling = 8,
  test_initial_voltage = 9,
  subset = 10,
  learned_field_position = 30,
  online_components = 31,
  independent_components = 32,
  sparse_coding = 33,
  feedback_weight = 40,
  upper_layer_weight = 41,
  feedback_noise = 42,
  tests = 1000,
};

/// The generator, its mappings and what the streams are for, in words and formulas for those who draw the
/// same numbers elsewhere. Every file of ours has it.
std::string describe_streams();

class Rng {
 public:
  Rng(std::uint64_t seed, Purpose purpose, std::uint64_t index);

  std::uint32_t bits32();
  std::uint64_t bits64();

  /// Uniform in [0, 1), a multiple of 2^-53.
  double uniform();
  /// Uniform in [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Standard normal (Box-Muller, both halves used).
  double normal();
  /// Uniform in {0, ..., bound - 1}, without bias (Lemire 2019). bound > 0.
  std::uint32_t integer(std::uint32_t bound);

  /// Fisher-Yates.
  template <class T>
  void shuffle(std::span<T> values) {
    for (std::size_t i = values.size(); i > 1; --i) {
      std::swap(values[i - 1], values[integer(static_cast<std::uint32_t>(i))]);
    }
  }

 private:
  void refill();

  using Philox = r123::Philox4x32;
  Philox::key_type key_;
  Philox::ctr_type counter_;
  Philox::ctr_type block_{};
  unsigned used_ = 4;
  double spare_normal_ = 0.0;
  bool has_spare_normal_ = false;
};

}  // namespace shallows
