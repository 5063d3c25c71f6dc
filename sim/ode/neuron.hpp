// What the ODE path asks of a neuron model, and the values that it exchanges with the caller.
//
// A model is a set of parameters with pure functions of a state (an array of doubles; which entry means what
// is the model's affair). Times in ms; the units of the drive and of the jumps are the model's.
#pragma once

#include <array>
#include <concepts>
#include <tuple>
#include <type_traits>
#include <vector>

#include "sim/core/types.hpp"

namespace shallows::ode {

/// - derivative(state, drive): d(state)/dt per ms.
/// - excess(state): at least 0 where the neuron spikes. Affine in the state, e.g. v - threshold.
/// - reset(state): what a spike does to the state. Afterwards excess is below 0.
/// - receive(state, jump): what the arrival of a spike does to the state.
/// - hold(rate): sets to 0 the components of a derivative that stand still while the neuron is refractory.
/// - refractory_ms(): how long after a spike arrivals are lost and nothing makes the neuron spike.
template <class M>
concept Neuron = requires(const M model, typename M::State state, const typename M::State given,
                          double number) {
  requires std::is_same_v<typename M::State, std::array<double, std::tuple_size_v<typename M::State>>>;
  { model.derivative(given, number) } -> std::same_as<typename M::State>;
  { model.excess(given) } -> std::same_as<double>;
  model.reset(state);
  model.receive(state, number);
  model.hold(state);
  { model.refractory_ms() } -> std::same_as<double>;
};

/// Where a neuron stands at some instant.
template <Neuron M>
struct Condition {
  typename M::State state;
  /// Time from that instant until the neuron leaves refractoriness; 0 when it is not refractory.
  double refractory_left_ms = 0.0;
};

/// A presynaptic spike that reaches the neuron.
struct Arrival {
  TimeMs time;
  double jump;
};

/// A step is accepted when its estimated error is below absolute + relative * |state| in every component, and
/// is never longer than max_step_ms.
struct Options {
  double absolute_tolerance = 1e-12;
  double relative_tolerance = 1e-12;
  double max_step_ms = 0.1;
};

template <Neuron M>
struct Result {
  std::vector<TimeMs> spikes;
  Condition<M> end;
};

}  // namespace shallows::ode
