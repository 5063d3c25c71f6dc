#include "sim/layer/release_positions.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>

#include "sim/layer/lif_kernel.hpp"
#include "sim/neurons/refractoriness.hpp"

namespace shallows {
namespace {

// Codes above all positions in a slice: the neuron spiked at the arrival with this position more, or was
// refractory when the slice began, and stays so to the slice's end.
constexpr std::size_t kSpikedAt = kSliceArrivals;
constexpr std::size_t kStays = 2 * kSliceArrivals;

}  // namespace

template <class Real>
void find_release_positions(std::span<const TimeMs> times, TimeMs refractory_ms, std::span<Real> free_from) {
  for (std::size_t begin = 0; begin < times.size(); begin += kSliceArrivals) {
    const auto slice = times.subspan(begin, std::min(kSliceArrivals, times.size() - begin));
    std::size_t next = 0;
    for (std::size_t k = 0; k < slice.size(); ++k) {
      const TimeMs from = counts_from(slice[k] + refractory_ms);
      while (next < slice.size() && slice[next] < from) ++next;
      free_from[begin + k] = static_cast<Real>(next < slice.size() ? next : kSpikedAt + k);
    }
  }
}

template <class Real>
void enter_slice(std::span<const TimeMs> slice, std::span<const TimeMs> free_at, std::span<Real> free_from) {
  assert(free_at.size() == free_from.size());
  for (std::size_t lane = 0; lane < free_at.size(); ++lane) {
    std::size_t position = 0;
    if (free_at[lane] > 0.0) {
      const auto heard = std::lower_bound(slice.begin(), slice.end(), counts_from(free_at[lane]));
      position = heard == slice.end() ? kStays : static_cast<std::size_t>(heard - slice.begin());
    }
    free_from[lane] = static_cast<Real>(position);
  }
}

template <class Real>
void leave_slice(std::span<const TimeMs> slice, TimeMs refractory_ms, std::span<const Real> free_from,
                 std::span<TimeMs> free_at) {
  assert(free_at.size() == free_from.size());
  for (std::size_t lane = 0; lane < free_at.size(); ++lane) {
    const auto position = static_cast<std::size_t>(free_from[lane]);
    if (position == kStays) continue;
    free_at[lane] = position < kSpikedAt ? 0.0 : slice[position - kSpikedAt] + refractory_ms;
  }
}

template void find_release_positions<float>(std::span<const TimeMs>, TimeMs, std::span<float>);
template void find_release_positions<double>(std::span<const TimeMs>, TimeMs, std::span<double>);
template void enter_slice<float>(std::span<const TimeMs>, std::span<const TimeMs>, std::span<float>);
template void enter_slice<double>(std::span<const TimeMs>, std::span<const TimeMs>, std::span<double>);
template void leave_slice<float>(std::span<const TimeMs>, TimeMs, std::span<const float>, std::span<TimeMs>);
template void leave_slice<double>(std::span<const TimeMs>, TimeMs, std::span<const double>,
                                  std::span<TimeMs>);

}  // namespace shallows
