#pragma once

#include <Eigen/Core>
#include <cstddef>

namespace shallows {

/// Eigen counts with signed numbers.
inline Eigen::Index index(std::size_t i) { return static_cast<Eigen::Index>(i); }

}  // namespace shallows
