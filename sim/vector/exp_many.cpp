#include "sim/vector/exp_many.hpp"

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>

// Only the baseline and the wide instruction sets are worth a copy.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "sim/vector/exp_many.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace shallows::HWY_NAMESPACE {

/// exp(x) = 2^n exp(r) with n = round(x / ln 2) and |r| <= ln(2) / 2, where 13 terms of the series leave
/// 1e-17. For plain loops that the compiler turns into vector instructions; unfused operations give the same
/// bits everywhere.
HWY_INLINE double exp_of(double x) {
  constexpr double kRound = 0x1.8p52;  // adding it rounds to an integer, which then sits in the low bits
  constexpr double kLog2E = 0x1.71547652b82fep0;
  constexpr double kLn2High = 0x1.62e42fee00000p-1;  // n * kLn2High is exact
  constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
  const double shifted = x * kLog2E + kRound;
  const double n = shifted - kRound;
  const double r = (x - n * kLn2High) - n * kLn2Low;
  double sum = 1.0 / 6227020800.0;
  sum = sum * r + 1.0 / 479001600.0;
  sum = sum * r + 1.0 / 39916800.0;
  sum = sum * r + 1.0 / 3628800.0;
  sum = sum * r + 1.0 / 362880.0;
  sum = sum * r + 1.0 / 40320.0;
  sum = sum * r + 1.0 / 5040.0;
  sum = sum * r + 1.0 / 720.0;
  sum = sum * r + 1.0 / 120.0;
  sum = sum * r + 1.0 / 24.0;
  sum = sum * r + 1.0 / 6.0;
  sum = sum * r + 0.5;
  const double exp_r = (sum * r * r + r) + 1.0;
  const std::uint64_t power = (std::bit_cast<std::uint64_t>(shifted) + 1023U) << 52U;  // 2^n
  return exp_r * std::bit_cast<double>(power);
}

void exp_loop(const double* x, double* out, std::size_t size) {
#pragma GCC ivdep  // out is x or apart from it
  for (std::size_t i = 0; i < size; ++i) out[i] = exp_of(x[i]);
}

template <class Real>
HWY_INLINE void elapsed_loop(const double* t, double start, double tau, Real* out, std::size_t size) {
#pragma GCC ivdep  // out is apart from t
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<Real>(exp_of((t[i] - start) / tau));
}

void elapsed_float(const double* t, double start, double tau, float* out, std::size_t size) {
  elapsed_loop(t, start, tau, out, size);
}

void elapsed_double(const double* t, double start, double tau, double* out, std::size_t size) {
  elapsed_loop(t, start, tau, out, size);
}

}  // namespace shallows::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shallows {

HWY_EXPORT(exp_loop);
HWY_EXPORT(elapsed_float);
HWY_EXPORT(elapsed_double);

void exp_many(std::span<const double> x, std::span<double> out) {
  assert(out.size() == x.size());
  HWY_DYNAMIC_DISPATCH(exp_loop)(x.data(), out.data(), x.size());
}

template <>
void exp_elapsed<float>(std::span<const double> t, double start, double tau, std::span<float> out) {
  assert(out.size() == t.size());
  HWY_DYNAMIC_DISPATCH(elapsed_float)(t.data(), start, tau, out.data(), t.size());
}

template <>
void exp_elapsed<double>(std::span<const double> t, double start, double tau, std::span<double> out) {
  assert(out.size() == t.size());
  HWY_DYNAMIC_DISPATCH(elapsed_double)(t.data(), start, tau, out.data(), t.size());
}

}  // namespace shallows
#endif  // HWY_ONCE
