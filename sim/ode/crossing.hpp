// Finds where a smooth function of time first reaches zero from below.
#pragma once

#include <functional>
#include <optional>

#include "sim/core/types.hpp"

namespace shallows::ode {

/// The first time in [from, to] at which excess >= 0, to the resolution of a double; none if there is none.
/// `slope` is the derivative of `excess`, or anything with its sign. Finds the crossing also where excess is
/// negative again at `to`, as long as its slope changes sign at most once in the interval.
std::optional<TimeMs> first_crossing(const std::function<double(TimeMs)>& excess,
                                     const std::function<double(TimeMs)>& slope, TimeMs from, TimeMs to);

}  // namespace shallows::ode
