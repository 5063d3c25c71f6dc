#include "models/banks/learning/recurrent_dynamics.hpp"

#include <algorithm>
#include <boost/numeric/odeint/stepper/controlled_runge_kutta.hpp>
#include <boost/numeric/odeint/stepper/generation.hpp>
#include <boost/numeric/odeint/stepper/runge_kutta_dopri5.hpp>
#include <cassert>
#include <cmath>

namespace shallows {

RecurrentDynamics::RecurrentDynamics(SparseDynamics dynamics, std::size_t neurons)
    : dynamics_(dynamics), potentials_(neurons), rates_(neurons) {}

void RecurrentDynamics::Population::activate(const std::vector<double>& potentials) const {
  for (std::size_t i = 0; i < potentials.size(); ++i)
    activity[i] = std::max(0.0, potentials[i] - thresholds[i]);
}

void RecurrentDynamics::Population::derivative(const std::vector<double>& potentials,
                                               std::vector<double>& rates) const {
  activate(potentials);
  const std::size_t neurons = potentials.size();
  for (std::size_t i = 0; i < neurons; ++i) rates[i] = drive[i] - potentials[i];
  // Few neurons are active.
  for (std::size_t j = 0; j < neurons; ++j) {
    if (activity[j] == 0.0) continue;
    const double* from = lateral.data() + j * neurons;
    for (std::size_t i = 0; i < neurons; ++i) rates[i] -= activity[j] * from[i];
  }
}

bool RecurrentDynamics::respond(std::span<const double> lateral, std::span<const double> thresholds,
                                std::span<const double> drive, std::span<double> activity) {
  assert(drive.size() == potentials_.size() && lateral.size() == drive.size() * drive.size());
  assert(thresholds.size() == drive.size() && activity.size() == drive.size());
  const Population population{lateral, thresholds, drive, activity};
  std::fill(potentials_.begin(), potentials_.end(), 0.0);
  bool settled = true;
  if (dynamics_ == SparseDynamics::fixed_point) {
    settled = settle(population);
  } else {
    take_fifty_steps(population);
  }
  population.activate(potentials_);
  return settled;
}

void RecurrentDynamics::take_fifty_steps(const Population& population) {
  for (int step = 0; step < kEulerSteps; ++step) {
    population.derivative(potentials_, rates_);
    for (std::size_t i = 0; i < rates_.size(); ++i) potentials_[i] += kEulerStep * rates_[i];
  }
}

bool RecurrentDynamics::settle(const Population& population) {
  namespace odeint = boost::numeric::odeint;
  using State = std::vector<double>;
  constexpr double kTolerance = 1e-4;  // of the largest drive
  constexpr double kLongest = 100.0;   // time constants
  double scale = 0.0;
  for (const double drive : population.drive) scale = std::max(scale, std::abs(drive));
  if (scale == 0.0) return true;
  const double small = kTolerance * scale;
  auto stepper = odeint::make_controlled(small, kTolerance, odeint::runge_kutta_dopri5<State>());
  const auto rates = [&](const State& potentials, State& out, double) {
    population.derivative(potentials, out);
  };
  double time = 0.0, step = 0.5;
  while (time < kLongest) {
    stepper.try_step(rates, potentials_, time, step);
    population.derivative(potentials_, rates_);
    const bool still =
        std::all_of(rates_.begin(), rates_.end(), [&](double r) { return std::abs(r) <= 10.0 * small; });
    if (still) return true;
  }
  return false;
}

}  // namespace shallows
