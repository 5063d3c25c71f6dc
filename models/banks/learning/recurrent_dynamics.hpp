// The response of a population of neurons that inhibit each other (Brito and Gerstner 2016) to drives u, with
// lateral weights V >= 0 and thresholds theta:
//     da/dt = -a + u - V y,   y = max(0, a - theta),   time in time constants, from a = 0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace shallows {

enum class SparseDynamics {
  fixed_point,  ///< integrated by Boost.Odeint until it stands still
  fifty_steps,  ///< as released: 50 Euler steps of 0.1 time constants
};

/// The released scheme: so many Euler steps of so many time constants.
inline constexpr int kEulerSteps = 50;
inline constexpr double kEulerStep = 0.1;

class RecurrentDynamics {
 public:
  RecurrentDynamics(SparseDynamics dynamics, std::size_t neurons);

  /// Writes the activities y at the end of the dynamics. `lateral` is [from][to]; the other spans hold one
  /// value per neuron. False if the fixed point was asked for and not reached within 100 time constants
  /// (lateral weights need not be symmetric): the activities are those of that moment.
  bool respond(std::span<const double> lateral, std::span<const double> thresholds,
               std::span<const double> drive, std::span<double> activity);

 private:
  /// What the population is given and answers, during respond().
  struct Population {
    std::span<const double> lateral;
    std::span<const double> thresholds;
    std::span<const double> drive;
    std::span<double> activity;

    void activate(const std::vector<double>& potentials) const;
    void derivative(const std::vector<double>& potentials, std::vector<double>& rates) const;
  };

  bool settle(const Population& population);
  void take_fifty_steps(const Population& population);

  SparseDynamics dynamics_;
  std::vector<double> potentials_;
  std::vector<double> rates_;
};

}  // namespace shallows
