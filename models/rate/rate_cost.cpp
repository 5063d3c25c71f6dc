#include "models/rate/rate_cost.hpp"

#include <cassert>

#include "models/rate/layers/plastic_stack.hpp"
#include "models/rate/rate_network.hpp"

namespace shallows {

RateCosts RateNetwork::costs(double active) const {
  assert(layers() <= 1 && stack_.empty());
  constexpr double kReal = sizeof(float);
  const auto inputs = static_cast<double>(readout_->inputs());
  const auto stride = static_cast<double>(readout_->matrix().stride());
  const auto batch = static_cast<double>(kBatch);
  RateCosts costs;
  // Read once to answer, then read and written to learn.
  costs.readout = {.useful_multiply_adds = 2.0 * active * inputs * static_cast<double>(classes()),
                   .computed_multiply_adds = 2.0 * active * inputs * stride,
                   .bytes = 3.0 * active * inputs * stride * kReal + inputs * kReal};
  if (layers() == 0) return costs;
  const double lateral = fixed_.empty() ? 0.0 : static_cast<double>(fixed_.front().lateral_operations());
  const auto synapses =
      static_cast<double>(synaptic_operations()) - lateral - inputs * static_cast<double>(classes());
  const double packed = static_cast<double>(in_place_ ? in_place_->fields.bytes() : fixed_.front().bytes());
  const double rows = static_cast<double>(row()) * kReal;
  costs.product = {.useful_multiply_adds = synapses,
                   .computed_multiply_adds = packed / kReal,
                   .bytes = packed / batch + rows};
  if (!in_place_) return costs;
  // Errors come back through the active rows; steps go to all packed weights and, before that, to the
  // activations of the images that follow in the batch.
  const double corrections = 0.5 * (batch - 1.0) * rows / kReal;
  costs.learning = {
      .useful_multiply_adds = active * inputs * static_cast<double>(classes()) + active * synapses,
      .computed_multiply_adds = active * inputs * stride + packed / kReal + corrections,
      .bytes = active * inputs * stride * kReal + 2.25 * packed / batch + corrections * kReal};
  return costs;
}

}  // namespace shallows
