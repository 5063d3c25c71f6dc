// How initial weights are drawn, with a given standard deviation.
#pragma once

#include <cmath>
#include <string>

#include "sim/core/fields.hpp"
#include "sim/core/rng.hpp"

namespace shallows {

enum class WeightDistribution {
  normal,
  uniform,  ///< between -sqrt(3) and sqrt(3) standard deviations
};

/// With a standard deviation of 1.
inline double draw_weight(WeightDistribution distribution, Rng& rng) {
  if (distribution == WeightDistribution::normal) return rng.normal();
  return std::sqrt(3.0) * rng.uniform(-1.0, 1.0);
}

template <class Owner>
Field<Owner> distribution_field(std::string name, WeightDistribution Owner::*member) {
  return choice(std::move(name), member, "distribution",
                "of the initial weights; the scale is about their deviation",
                {{"normal", WeightDistribution::normal}, {"uniform", WeightDistribution::uniform}});
}

}  // namespace shallows
