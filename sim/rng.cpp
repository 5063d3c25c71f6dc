#include "sim/rng.hpp"

#include <cassert>
#include <cmath>
#include <numbers>

namespace shallows {

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
