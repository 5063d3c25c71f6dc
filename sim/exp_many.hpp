// exp() of many numbers at once, with the same bits on every machine.
#pragma once

#include <span>

namespace shallows {

/// out[i] = exp(x[i]) to 2 units in the last place, for |x| <= 700. `out` may be `x`.
void exp_many(std::span<const double> x, std::span<double> out);

}  // namespace shallows
