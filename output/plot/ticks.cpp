#include "output/plot/ticks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

namespace shallows {
namespace {

double step_of(double range, double most) {
  const double rough = range / std::max(most, 1.0);
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) return factor * power;
  }
  return 10.0 * power;
}

}  // namespace

std::vector<double> linear_ticks(double low, double high, double most) {
  assert(low < high);
  const double step = step_of(high - low, most);
  std::vector<double> values;
  for (double k = std::ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k += 1.0)
    values.push_back(k * step);
  return values;
}

std::vector<double> logarithmic_ticks(double low, double high, double most) {
  assert(0.0 < low && low < high);
  const double slack = 1e-9;
  const double first = std::ceil(std::log10(low) - slack);
  const double last = std::floor(std::log10(high) + slack);
  std::vector<double> values;
  if (last - first < 2.0) {
    for (double power = first - 1.0; power <= last + 1.0; power += 1.0) {
      for (const double factor : {1.0, 2.0, 5.0}) {
        const double value = factor * std::pow(10.0, power);
        if (value >= low * (1.0 - slack) && value <= high * (1.0 + slack)) values.push_back(value);
      }
    }
    return values;
  }
  const double step = std::ceil((last - first + 1.0) / std::max(most, 1.0));
  for (double power = first; power <= last; power += step) values.push_back(std::pow(10.0, power));
  return values;
}

std::string tick_label(double value) {
  const double size = std::abs(value);
  if (size < 1e-12) return "0";
  if (size >= 1e-3 && size < 1e5) return fmt::format("{:.6g}", value);
  const int power = static_cast<int>(std::floor(std::log10(size) + 1e-9));
  return fmt::format("{:.6g}e{}", value / std::pow(10.0, power), power);
}

}  // namespace shallows
