#include "sim/ode/crossing.hpp"

#include <algorithm>
#include <boost/math/tools/toms748_solve.hpp>
#include <cstdint>
#include <limits>
#include <utility>

namespace shallows::ode {

namespace {

/// The two sides, as close as doubles allow, of a sign change of `f` in [left, right].
std::pair<TimeMs, TimeMs> sign_change(const std::function<double(TimeMs)>& f, TimeMs left, double f_left,
                                      TimeMs right, double f_right) {
  const auto close_enough = [](TimeMs a, TimeMs b) {
    return b - a <= 4.0 * std::numeric_limits<double>::epsilon() * std::max(1.0, b);
  };
  std::uintmax_t evaluations = 200;
  return boost::math::tools::toms748_solve(f, left, right, f_left, f_right, close_enough, evaluations);
}

}  // namespace

std::optional<TimeMs> first_crossing(const std::function<double(TimeMs)>& excess,
                                     const std::function<double(TimeMs)>& slope, TimeMs from, TimeMs to) {
  const double at_from = excess(from);
  if (at_from >= 0.0) return from;
  TimeMs right = to;
  double at_right = excess(to);
  if (at_right < 0.0) {
    const double rise = slope(from);
    const double fall = slope(to);
    if (rise <= 0.0 || fall >= 0.0) return std::nullopt;
    right = sign_change(slope, from, rise, to, fall).first;
    at_right = excess(right);
    if (at_right < 0.0) return std::nullopt;
  }
  return sign_change(excess, from, at_from, right, at_right).second;
}

}  // namespace shallows::ode
