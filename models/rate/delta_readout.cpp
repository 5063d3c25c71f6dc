#include "models/rate/delta_readout.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "plasticity/rates/delta_rule.hpp"

// Only the baseline and the wide instruction sets are worth a copy.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/rate/delta_readout.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace shallows::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Unfused operations in one fixed order: the same bits on all machines.

constexpr hn::CappedTag<float, kClassLanes> kTag{};
using V = hn::Vec<decltype(kTag)>;
constexpr std::size_t kLanes = hn::MaxLanes(decltype(kTag)());
constexpr std::size_t kVectors = kClassLanes / kLanes;

/// The sum of a vector's lanes: halves are added until one lane is left.
template <class D, class Vector>
HWY_INLINE float sum_of_halves([[maybe_unused]] D d, Vector vector) {
#if HWY_TARGET != HWY_SCALAR  // which has one lane, and no halves
  if constexpr (hn::MaxLanes(D()) > 1) {
    const hn::Half<D> half;
    return sum_of_halves(half, hn::Add(hn::LowerHalf(half, vector), hn::UpperHalf(half, vector)));
  }
#endif
  return hn::GetLane(vector);
}

/// sum[lane] += w_0 x_0 + w_1 x_1 + ..., in four interleaved partial sums that hide the latency of an
/// addition.
void accumulate(const float* HWY_RESTRICT weights, std::size_t stride,
                const DeltaReadout::ActiveInput* HWY_RESTRICT active, std::size_t size,
                float* HWY_RESTRICT sum) {
  constexpr std::size_t kChains = 4;
  V partial[kChains][kVectors];
  for (auto& chain : partial) {
    for (V& vector : chain) vector = hn::Zero(kTag);
  }
  const auto add = [&](V(&chain)[kVectors], const DeltaReadout::ActiveInput& input) HWY_ATTR {
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

void update(float* HWY_RESTRICT weights, std::size_t stride,
            const DeltaReadout::ActiveInput* HWY_RESTRICT active, std::size_t size,
            const float* HWY_RESTRICT step) {
  for (std::size_t k = 0; k < size; ++k) {
    float* row = weights + active[k].index * stride;
    for (std::size_t v = 0; v < kVectors; ++v) {
      V weight = hn::Load(kTag, row + v * kLanes);
      DeltaRule<float>::update(weight.raw, hn::LoadU(kTag, step + v * kLanes).raw, active[k].value);
      hn::Store(weight, kTag, row + v * kLanes);
    }
  }
}

/// The sum of kClassLanes products, halving the lanes until one is left: the same order whatever the width.
HWY_INLINE float sum_of_products(const float* HWY_RESTRICT row, const V (&step)[kVectors]) {
  V product[kVectors];
  for (std::size_t v = 0; v < kVectors; ++v) product[v] = hn::Mul(hn::Load(kTag, row + v * kLanes), step[v]);
  for (std::size_t half = kVectors / 2; half > 0; half /= 2) {
    for (std::size_t v = 0; v < half; ++v) product[v] = hn::Add(product[v], product[v + half]);
  }
  return sum_of_halves(kTag, product[0]);
}

void send_back(const float* HWY_RESTRICT weights, std::size_t stride,
               const DeltaReadout::ActiveInput* HWY_RESTRICT active, std::size_t size,
               const float* HWY_RESTRICT step, float* HWY_RESTRICT errors) {
  V steps[kVectors];
  for (std::size_t v = 0; v < kVectors; ++v) steps[v] = hn::LoadU(kTag, step + v * kLanes);
  for (std::size_t k = 0; k < size; ++k) {
    errors[active[k].index] += sum_of_products(weights + active[k].index * stride, steps);
  }
}

}  // namespace shallows::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shallows {
namespace {

HWY_EXPORT(accumulate);
HWY_EXPORT(update);
HWY_EXPORT(send_back);

using ActiveInputs = std::vector<DeltaReadout::ActiveInput>;

/// The inputs that count, in order: a zero changes neither the sum nor the weights.
void find_active(std::span<const float> pre, ActiveInputs& active) {
  active.resize(pre.size() + 1);
  std::size_t size = 0;
  for (std::size_t j = 0; j < pre.size(); ++j) {
    active[size] = {static_cast<std::uint32_t>(j), pre[j]};
    size += pre[j] != 0.0F ? 1 : 0;
  }
  active.resize(size);
}

/// Activations before rectification, padded.
AlignedVector<float> activate(const ClassWeights& matrix, std::span<const float> biases,
                              const ActiveInputs& active) {
  AlignedVector<float> activation(biases.begin(), biases.end());
  for (std::size_t first = 0; first < matrix.stride(); first += kClassLanes) {
    HWY_DYNAMIC_DISPATCH(accumulate)
    (matrix.data() + first, matrix.stride(), active.data(), active.size(), activation.data() + first);
  }
  return activation;
}

}  // namespace

DeltaReadout::DeltaReadout(std::size_t inputs, std::span<const float> weights, std::span<const float> biases,
                           ReadoutLossChoice loss)
    : loss_(loss),
      matrix_(inputs, biases.size()),
      biases_(matrix_.stride(), 0.0F),
      step_(matrix_.stride(), 0.0F) {
  restore(weights, biases);
}

std::vector<float> DeltaReadout::respond(std::span<const float> pre) const {
  assert(pre.size() == inputs());
  thread_local ActiveInputs active;
  find_active(pre, active);
  const AlignedVector<float> activation = activate(matrix_, biases_, active);
  return answers_of(std::span(activation).first(classes()), loss_);
}

std::vector<float> DeltaReadout::learn(std::span<const float> pre, std::size_t label, double learning_rate) {
  std::vector<float> rates = judge(pre, label, learning_rate);
  apply();
  return rates;
}

double DeltaReadout::loss_of(std::span<const float> answers, std::size_t label) const {
  return with_chosen(ReadoutLosses(), loss_.index(),
                     [&]<class Loss>() { return Loss::loss(answers, label); });
}

std::vector<float> DeltaReadout::judge(std::span<const float> pre, std::size_t label, double learning_rate) {
  assert(pre.size() == inputs() && label < classes());
  find_active(pre, active_);
  const AlignedVector<float> activation = activate(matrix_, biases_, active_);
  std::vector<float> rates = answers_of(std::span(activation).first(classes()), loss_);
  const auto rate = static_cast<float>(learning_rate);
  with_chosen(ReadoutLosses(), loss_.index(), [&]<class Loss>() {
    for (std::size_t i = 0; i < classes(); ++i)
      step_[i] = Loss::step(rate, activation[i], rates[i], i == label ? 1.0F : 0.0F);
  });
  return rates;
}

void DeltaReadout::send_back(const ClassWeights& feedback, std::span<float> errors) const {
  assert(feedback.inputs() == inputs() && feedback.classes() == classes() && errors.size() == inputs());
  std::fill(errors.begin(), errors.end(), 0.0F);
  for (std::size_t first = 0; first < feedback.stride(); first += kClassLanes) {
    HWY_DYNAMIC_DISPATCH(send_back)
    (feedback.data() + first, feedback.stride(), active_.data(), active_.size(), step_.data() + first,
     errors.data());
  }
}

void DeltaReadout::apply() {
  for (std::size_t first = 0; first < matrix_.stride(); first += kClassLanes) {
    HWY_DYNAMIC_DISPATCH(update)
    (matrix_.data() + first, matrix_.stride(), active_.data(), active_.size(), step_.data() + first);
  }
  for (std::size_t i = 0; i < classes(); ++i) biases_[i] += step_[i];
}

std::vector<float> DeltaReadout::biases() const {
  return {biases_.begin(), biases_.begin() + static_cast<std::ptrdiff_t>(classes())};
}

void DeltaReadout::restore(std::span<const float> weights, std::span<const float> biases) {
  assert(biases.size() == classes());
  matrix_.assign(weights);
  std::copy(biases.begin(), biases.end(), biases_.begin());
}

}  // namespace shallows
#endif  // HWY_ONCE
