// exp() of many numbers at once, with the same bits on every machine.
#pragma once

#include <span>

namespace shallows {

/// out[i] = exp(x[i]) to 2 units in the last place, for |x| <= 700. `out` may be `x`.
void exp_many(std::span<const double> x, std::span<double> out);

/// out[i] = exp((t[i] - start) / tau), rounded to Real; the same limits.
template <class Real>
void exp_elapsed(std::span<const double> t, double start, double tau, std::span<Real> out);

}  // namespace shallows
