#include "sim/core/rng.hpp"

#include <cassert>
#include <cmath>
#include <numbers>

namespace shallows {
namespace {

struct Stream {
  Purpose purpose;
  const char* use;
};

constexpr Stream kStreams[] = {
    {Purpose::receptive_field_position,
     "row and column of every patch of a drawn bank (index 0), or of hidden layer n > 1 (index n)"},
    {Purpose::receptive_field_shape,
     "filter of a drawn bank (index: the patch as drawn, before they are ordered)"},
    {Purpose::hidden_bias, "biases of the hidden units of a rate network (index 0; n of hidden layer n > 1)"},
    {Purpose::threshold,
     "spike thresholds (index 0 input, 1 first population after it, 2 readout, 3, 4, ... the others)"},
    {Purpose::initial_voltage, "voltages before training (index as for thresholds)"},
    {Purpose::readout_weight, "initial readout weights, class by class (index 0)"},
    {Purpose::readout_bias, "initial biases of the readout units of a rate network (index 0)"},
    {Purpose::sampling,
     "order of the images: a shuffle of 0, 1, ... (index: epoch), or one integer (index: presentation)"},
    {Purpose::test_initial_voltage, "voltages before every test image (index as for thresholds)"},
    {Purpose::learned_field_position, "row and column of every patch of a learned bank (index 0)"},
    {Purpose::online_components, "principal components learned online (index: population)"},
    {Purpose::independent_components, "independent components (index: population)"},
    {Purpose::sparse_coding, "sparse coding (index: population)"},
    {Purpose::feedback_weight,
     "weights of feedback alignment: from the readout class by class (index 0), from a hidden layer synapse "
     "by "
     "synapse (index: the number of the layer below, which they teach)"},
    {Purpose::feedback_noise,
     "noise by which feedback weights learn, neuron by neuron of each image (index: 256 times the update's "
     "number, "
     "from 1, plus that of the feedback weights)"},
    {Purpose::upper_layer_weight,
     "weights of a neuron of hidden layer n > 1, source by source (index n 2^32 + the neuron as drawn, "
     "before "
     "they are ordered)"},
};

}  // namespace

std::string describe_streams() {
  std::string text =
      "Philox4x32-10 (Salmon et al. 2011), mappings of version 1. Stream (seed, purpose, index): block b = "
      "0, 1, ... has the key (seed mod 2^32, seed / 2^32) and the counter (b, purpose, index mod 2^32, "
      "index / 2^32); its four words of 32 bits follow each other.\n"
      "64 bits: two words, the low one first. Uniform in [0, 1): (64 bits / 2^11) 2^-53. Uniform in [a, "
      "b): a + (b - a) uniform. Normal, two at a time: r cos(p), then r sin(p), with r = sqrt(-2 ln(1 - "
      "uniform)), then p = 2 pi uniform. Integer below n: m = word n; m / 2^32 unless m mod 2^32 < 2^32 "
      "mod n, then again with the next word. Shuffle: for i = n, n - 1, ..., 2 swap places i - 1 and "
      "integer below i. Divisions of integers round down.\n"
      "Purposes:";
  for (const Stream& stream : kStreams)
    text.append("\n")
        .append(std::to_string(static_cast<std::uint32_t>(stream.purpose)))
        .append(" ")
        .append(stream.use);
  return text;
}

Rng::Rng(std::uint64_t seed, Purpose purpose, std::uint64_t index)
    : key_{{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}},
      counter_{{0, static_cast<std::uint32_t>(purpose), static_cast<std::uint32_t>(index),
                static_cast<std::uint32_t>(index >> 32)}} {}

void Rng::refill() {
  block_ = Philox{}(counter_, key_);
  ++counter_[0];
  assert(counter_[0] != 0 && "a stream holds 2^34 numbers");
  used_ = 0;
}

std::uint32_t Rng::bits32() {
  if (used_ == 4) refill();
  return block_[used_++];
}

std::uint64_t Rng::bits64() {
  const std::uint64_t low = bits32();
  return low | (static_cast<std::uint64_t>(bits32()) << 32);
}

double Rng::uniform() { return static_cast<double>(bits64() >> 11) * 0x1.0p-53; }

double Rng::normal() {
  if (has_spare_normal_) {
    has_spare_normal_ = false;
    return spare_normal_;
  }
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));  // 1 - u is never 0
  const double angle = 2.0 * std::numbers::pi * uniform();
  spare_normal_ = radius * std::sin(angle);
  has_spare_normal_ = true;
  return radius * std::cos(angle);
}

std::uint32_t Rng::integer(std::uint32_t bound) {
  assert(bound > 0);
  std::uint64_t product = std::uint64_t{bits32()} * bound;
  if (static_cast<std::uint32_t>(product) < bound) {
    const std::uint32_t rejected = (0U - bound) % bound;
    while (static_cast<std::uint32_t>(product) < rejected) product = std::uint64_t{bits32()} * bound;
  }
  return static_cast<std::uint32_t>(product >> 32);
}

}  // namespace shallows
