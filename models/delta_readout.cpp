#include "models/delta_readout.hpp"

#include <algorithm>
#include <cassert>

#include "plasticity/delta_rule.hpp"

// Only the baseline and the wide instruction sets are worth a copy.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/delta_readout.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef SHALLOWS_MODELS_DELTA_READOUT_LANES_
#define SHALLOWS_MODELS_DELTA_READOUT_LANES_
namespace shallows {

/// Classes that share a pass over the inputs.
inline constexpr std::size_t kDeltaLanes = 16;

/// An input that is not zero.
struct ActiveInput {
  std::uint32_t index;
  float value;
};

}  // namespace shallows
#endif

HWY_BEFORE_NAMESPACE();
namespace shallows::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Unfused operations in one fixed order: the same bits on all machines.

constexpr hn::CappedTag<float, kDeltaLanes> kTag{};
using V = hn::Vec<decltype(kTag)>;
constexpr std::size_t kLanes = hn::MaxLanes(decltype(kTag)());
constexpr std::size_t kVectors = kDeltaLanes / kLanes;

/// sum[lane] += w_0 x_0 + w_1 x_1 + ..., in four interleaved partial sums that hide the latency of an
/// addition.
void accumulate(const float* HWY_RESTRICT weights, std::size_t stride, const ActiveInput* HWY_RESTRICT active,
                std::size_t size, float* HWY_RESTRICT sum) {
  constexpr std::size_t kChains = 4;
  V partial[kChains][kVectors];
  for (auto& chain : partial) {
    for (V& vector : chain) vector = hn::Zero(kTag);
  }
  const auto add = [&](V(&chain)[kVectors], const ActiveInput& input) HWY_ATTR {
    const float* row = weights + input.index * stride;
    for (std::size_t v = 0; v < kVectors; ++v) {
      chain[v] = hn::Add(chain[v], hn::Mul(hn::Load(kTag, row + v * kLanes), hn::Set(kTag, input.value)));
    }
  };
  std::size_t k = 0;
  for (; k + kChains <= size; k += kChains) {
    for (std::size_t chain = 0; chain < kChains; ++chain) add(partial[chain], active[k + chain]);
  }
  for (std::size_t chain = 0; k < size; ++k, ++chain) add(partial[chain], active[k]);
  for (std::size_t v = 0; v < kVectors; ++v) {
    const V total = hn::Add(hn::Add(partial[0][v], partial[1][v]), hn::Add(partial[2][v], partial[3][v]));
    hn::StoreU(hn::Add(hn::LoadU(kTag, sum + v * kLanes), total), kTag, sum + v * kLanes);
  }
}

void update(float* HWY_RESTRICT weights, std::size_t stride, const ActiveInput* HWY_RESTRICT active,
            std::size_t size, const float* HWY_RESTRICT step) {
  for (std::size_t k = 0; k < size; ++k) {
    float* row = weights + active[k].index * stride;
    for (std::size_t v = 0; v < kVectors; ++v) {
      V weight = hn::Load(kTag, row + v * kLanes);
      DeltaRule<float>::update(weight.raw, hn::LoadU(kTag, step + v * kLanes).raw, active[k].value);
      hn::Store(weight, kTag, row + v * kLanes);
    }
  }
}

}  // namespace shallows::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shallows {
namespace {

HWY_EXPORT(accumulate);
HWY_EXPORT(update);

/// The inputs that count, in order: a zero changes neither the sum nor the weights.
const std::vector<ActiveInput>& active_inputs(std::span<const float> pre) {
  thread_local std::vector<ActiveInput> active;
  active.resize(pre.size() + 1);
  std::size_t size = 0;
  for (std::size_t j = 0; j < pre.size(); ++j) {
    active[size] = {static_cast<std::uint32_t>(j), pre[j]};
    size += pre[j] != 0.0F ? 1 : 0;
  }
  active.resize(size);
  return active;
}

/// Activations before rectification, padded.
AlignedVector<float> activate(std::span<const float> weights, std::span<const float> biases,
                              const std::vector<ActiveInput>& active) {
  AlignedVector<float> activation(biases.begin(), biases.end());
  for (std::size_t first = 0; first < biases.size(); first += kDeltaLanes) {
    HWY_DYNAMIC_DISPATCH(accumulate)
    (weights.data() + first, biases.size(), active.data(), active.size(), activation.data() + first);
  }
  return activation;
}

std::vector<float> rectified(std::span<const float> activation, std::size_t classes) {
  std::vector<float> rates;
  for (std::size_t i = 0; i < classes; ++i) rates.push_back(std::max(0.0F, activation[i]));
  return rates;
}

}  // namespace

DeltaReadout::DeltaReadout(std::size_t inputs, std::span<const float> weights, std::span<const float> biases)
    : inputs_(inputs),
      classes_(biases.size()),
      stride_((classes_ + kDeltaLanes - 1) / kDeltaLanes * kDeltaLanes),
      weights_(inputs_ * stride_, 0.0F),
      biases_(stride_, 0.0F) {
  restore(weights, biases);
}

std::vector<float> DeltaReadout::respond(std::span<const float> pre) const {
  assert(pre.size() == inputs_);
  const AlignedVector<float> activation = activate(weights_, biases_, active_inputs(pre));
  return rectified(activation, classes_);
}

std::vector<float> DeltaReadout::learn(std::span<const float> pre, std::size_t label, double learning_rate) {
  assert(pre.size() == inputs_ && label < classes_);
  const DeltaRule<float> rule{.learning_rate = static_cast<float>(learning_rate)};
  const std::vector<ActiveInput>& active = active_inputs(pre);
  const AlignedVector<float> activation = activate(weights_, biases_, active);
  AlignedVector<float> step(stride_, 0.0F);
  for (std::size_t i = 0; i < classes_; ++i) step[i] = rule.step(activation[i], i == label ? 1.0F : 0.0F);
  for (std::size_t first = 0; first < stride_; first += kDeltaLanes) {
    HWY_DYNAMIC_DISPATCH(update)
    (weights_.data() + first, stride_, active.data(), active.size(), step.data() + first);
  }
  for (std::size_t i = 0; i < classes_; ++i) biases_[i] += step[i];
  return rectified(activation, classes_);
}

std::vector<float> DeltaReadout::weights() const {
  std::vector<float> weights(classes_ * inputs_);
  for (std::size_t i = 0; i < classes_; ++i) {
    for (std::size_t j = 0; j < inputs_; ++j) weights[i * inputs_ + j] = weights_[j * stride_ + i];
  }
  return weights;
}

std::vector<float> DeltaReadout::biases() const {
  return {biases_.begin(), biases_.begin() + static_cast<std::ptrdiff_t>(classes_)};
}

void DeltaReadout::restore(std::span<const float> weights, std::span<const float> biases) {
  assert(weights.size() == classes_ * inputs_ && biases.size() == classes_);
  for (std::size_t i = 0; i < classes_; ++i) {
    for (std::size_t j = 0; j < inputs_; ++j) weights_[j * stride_ + i] = weights[i * inputs_ + j];
  }
  std::copy(biases.begin(), biases.end(), biases_.begin());
}

}  // namespace shallows
#endif  // HWY_ONCE
