// Of the figures of some runs.
#pragma once

#include <span>

namespace shallows {

/// Of at least one value.
double mean_of(std::span<const double> values);
/// Standard deviation of the sample; 0 of one value.
double deviation_of(std::span<const double> values);

}  // namespace shallows
