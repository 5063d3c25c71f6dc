// Integrates a neuron model numerically and finds its spikes: for models without a closed form, and as a
// check of the closed forms that shares no code with them.
//
// Between events (arrivals, ends of refractoriness) the equations are solved by Dormand & Prince's 5(4) pair
// with step control (Boost.Odeint); each step's dense output, of order 4, is searched for the first threshold
// crossing by root finding (TOMS 748). A spike restarts the solver, so any number of spikes may fall within
// one step. A crossing that is undone within a step is found too if the voltage has one maximum within the
// step; what varies faster than that needs a smaller max_step_ms. Whether a voltage that grazes the threshold
// to within the tolerances spikes is undefined.
#pragma once

#include <algorithm>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "sim/core/error.hpp"
#include "sim/core/types.hpp"
#include "sim/neurons/refractoriness.hpp"
#include "sim/ode/integrator.hpp"
#include "sim/ode/neuron.hpp"

namespace shallows::ode {

/// Spikes in [0, duration) of a neuron that starts at `start`, is driven by drive(t), smooth in [0, duration)
/// except at arrivals, and receives `arrivals`, which are sorted by time and lie in [0, duration). At one
/// instant, all arrivals count before the threshold is tested; arrivals during refractoriness are lost, one
/// that meets its end (sim/neurons/refractoriness.hpp) counts. A spike on `duration` itself belongs to what
/// follows. Throws Error (network) if the equations can't be integrated or a reset leaves the neuron above
/// its threshold.
template <Neuron M, std::invocable<TimeMs> Drive>
Result<M> simulate(const M& model, const Condition<M>& start, const Drive& drive,
                   std::span<const Arrival> arrivals, TimeMs duration, const Options& options) {
  assert(std::is_sorted(arrivals.begin(), arrivals.end(),
                        [](const Arrival& a, const Arrival& b) { return a.time < b.time; }));
  assert(arrivals.empty() || (arrivals.front().time >= 0.0 && arrivals.back().time < duration));
  assert(options.absolute_tolerance > 0.0 && options.relative_tolerance >= 0.0 && options.max_step_ms > 0.0);

  const detail::Integrator<M, Drive> integrator(model, drive, options);
  std::vector<TimeMs> spikes;
  typename M::State state = start.state;
  TimeMs now = 0.0;
  TimeMs free_at = start.refractory_left_ms;
  const auto fire = [&] {
    spikes.push_back(now);
    model.reset(state);
    if (model.excess(state) >= 0.0) {
      throw Error(ErrorKind::network,
                  "the neuron spikes again at once (its reset does not lie below its threshold); lower the "
                  "reset or raise the threshold");
    }
    free_at = now + model.refractory_ms();
  };

  std::size_t next = 0;
  while (now < duration) {
    if (now >= counts_from(free_at)) free_at = std::min(free_at, now);
    for (; next < arrivals.size() && arrivals[next].time <= now; ++next) {
      if (now >= free_at) model.receive(state, arrivals[next].jump);
    }
    if (now >= free_at && model.excess(state) >= 0.0) fire();
    const TimeMs event = next < arrivals.size() ? arrivals[next].time : duration;
    if (now < free_at) {
      const TimeMs end = std::min(event, free_at);
      integrator.advance(state, now, end, detail::Phase::refractory);
      now = end;
    } else if (const auto spike = integrator.advance(state, now, event, detail::Phase::free)) {
      now = *spike;
      fire();
    } else {
      now = event;
    }
  }
  return {std::move(spikes), {state, refractory_left(free_at, duration)}};
}

/// The same with a constant drive.
template <Neuron M>
Result<M> simulate(const M& model, const Condition<M>& start, double drive, std::span<const Arrival> arrivals,
                   TimeMs duration, const Options& options) {
  return simulate(
      model, start, [drive](TimeMs) { return drive; }, arrivals, duration, options);
}

}  // namespace shallows::ode
