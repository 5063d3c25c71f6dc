// The hidden layer whose neurons inhibit each other within their populations, as those of a sparse-coding
// bank did when they learned (models/banks/learning/recurrent_dynamics.hpp).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "encoders/receptive_fields.hpp"
#include "models/banks/hidden_inhibition.hpp"
#include "sim/core/aligned_vector.hpp"

namespace shallows {

class InhibitedPopulations {
 public:
  /// `dynamics` is not none.
  InhibitedPopulations(const LateralInhibition& inhibition, HiddenInhibition dynamics);

  /// Turns the drives of all neurons, one value each, into their activities. May be called from many threads.
  /// Where a fixed point is not reached within 100 time constants, the activities are those of that moment.
  void respond(std::span<float> hidden) const;

  /// Synapses among the neurons: within each population from every neuron to every other one.
  std::size_t synapses() const { return size_ * (neurons_ - 1); }

 private:
  std::size_t populations() const { return size_ / neurons_; }
  void respond_in_lanes(std::span<float> hidden) const;
  void respond_one_by_one(std::span<float> hidden) const;

  std::size_t size_;
  std::size_t neurons_;  // in a population
  HiddenInhibition dynamics_;
  // For one population after the other:
  std::vector<double> lateral_;  // [population][from][to]
  std::vector<double> thresholds_;
  // For many populations at once (models/banks/learning/inhibition_kernel.hpp); empty if that does not pay:
  AlignedVector<float> lane_lateral_;     // [group][to][from][lane]
  AlignedVector<float> lane_thresholds_;  // [group][neuron][lane]
};

}  // namespace shallows
