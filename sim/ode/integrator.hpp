// Moves one neuron's state from event to event: the solver behind simulate().
#pragma once

#include <algorithm>
#include <array>
#include <boost/numeric/odeint/stepper/controlled_runge_kutta.hpp>
#include <boost/numeric/odeint/stepper/dense_output_runge_kutta.hpp>
#include <boost/numeric/odeint/stepper/generation.hpp>
#include <boost/numeric/odeint/stepper/runge_kutta_dopri5.hpp>
#include <boost/numeric/odeint/util/odeint_error.hpp>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>

#include "sim/core/error.hpp"
#include "sim/core/types.hpp"
#include "sim/ode/crossing.hpp"
#include "sim/ode/neuron.hpp"

namespace shallows::ode {

namespace detail {

namespace odeint = boost::numeric::odeint;

enum class Phase { free, refractory };

/// The upswing of an exponential neuron takes some ten such steps per slope factor.
constexpr int max_unresolved_steps = 100'000;

template <Neuron M, class Drive>
class Integrator {
 public:
  using State = typename M::State;

  Integrator(const M& model, const Drive& drive, const Options& options)
      : model_(model), drive_(drive), options_(options) {}

  /// Moves `state` from `from` to `to`, or, if a spike comes first, to that spike, whose time is returned.
  std::optional<TimeMs> advance(State& state, TimeMs from, TimeMs to, Phase phase) const {
    const TimeMs length = to - from;
    if (!(length > 0.0)) return std::nullopt;
    // The solver's clock starts at `from`, which keeps all of its digits for the elapsed time.
    const auto rate = [&](const State& x, State& dxdt, TimeMs elapsed) {
      dxdt = model_.derivative(x, drive_(from + elapsed));
      if (phase == Phase::refractory) model_.hold(dxdt);
    };
    auto stepper = odeint::make_dense_output(options_.absolute_tolerance, options_.relative_tolerance,
                                             options_.max_step_ms, odeint::runge_kutta_dopri5<State>());
    stepper.initialize(state, 0.0, std::min(options_.max_step_ms, length));
    int unresolved = 0;
    while (stepper.current_time() < length) {
      step(stepper, rate, from);
      if (phase == Phase::refractory) continue;
      if (stepper.current_time() == stepper.previous_time()) {
        // The clock's digits can't resolve the step. That is an upswing about to end in a spike, or a dead
        // end.
        if (++unresolved > max_unresolved_steps) fail(from + stepper.current_time());
        if (model_.excess(stepper.current_state()) < 0.0) continue;
        state = stepper.current_state();
        const TimeMs spike = from + stepper.current_time();
        return spike < to ? std::optional(spike) : std::nullopt;
      }
      const TimeMs step_end = std::min(stepper.current_time(), length);
      const auto crossing = crossing_in_step(stepper, rate, step_end);
      if (!crossing) continue;
      stepper.calc_state(*crossing, state);
      return from + *crossing < to ? std::optional(from + *crossing) : std::nullopt;
    }
    stepper.calc_state(length, state);
    return std::nullopt;
  }

 private:
  template <class Stepper, class Rate>
  static void step(Stepper& stepper, const Rate& rate, TimeMs from) {
    try {
      stepper.do_step(rate);
    } catch (const odeint::odeint_error&) {
      fail(from + stepper.previous_time());
    }
    const State& x = stepper.current_state();
    if (!std::all_of(x.begin(), x.end(), [](double value) { return std::isfinite(value); })) {
      fail(from + stepper.previous_time());
    }
  }

  [[noreturn]] static void fail(TimeMs time) {
    throw Error(ErrorKind::network,
                "the neuron can't be integrated beyond " + std::to_string(time) +
                    " ms (no step is short enough for the tolerances); check its parameters and its drive");
  }

  template <class Stepper, class Rate>
  std::optional<TimeMs> crossing_in_step(const Stepper& stepper, const Rate& rate, TimeMs step_end) const {
    const auto state_at = [&](TimeMs elapsed) {
      State x;
      stepper.calc_state(elapsed, x);
      return x;
    };
    const auto excess = [&](TimeMs elapsed) { return model_.excess(state_at(elapsed)); };
    const auto slope = [&](TimeMs elapsed) {
      const State x = state_at(elapsed);
      State moved;
      rate(x, moved, elapsed);
      for (std::size_t i = 0; i < x.size(); ++i) moved[i] += x[i];
      return model_.excess(moved) - model_.excess(x);
    };
    return first_crossing(excess, slope, stepper.previous_time(), step_end);
  }

  const M& model_;
  const Drive& drive_;
  const Options& options_;
};

}  // namespace detail

}  // namespace shallows::ode
