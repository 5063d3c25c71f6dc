// The weights of a layer that learns, as matrices: one for each group of neighbouring neurons that see the
// same neurons below. A dense layer is cut into groups of equal size, which run in parallel.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "plasticity/rates/rate_batch.hpp"
#include "sim/core/synapses.hpp"

namespace shallows {

class GroupedWeights {
 public:
  struct Group {
    Eigen::Index first;             ///< neuron
    std::vector<NeuronId> sources;  ///< empty: all, in order
    WeightMatrix<float> weights;    ///< [neuron of the group, source]
  };

  explicit GroupedWeights(const Synapses& synapses);

  Eigen::Index neurons() const { return neurons_; }
  Eigen::Index sources() const { return sources_; }
  std::span<const Group> groups() const { return groups_; }
  std::span<Group> groups() { return groups_; }
  std::size_t synapses() const;

  /// In the order of the synapses, and back.
  std::vector<float> values() const;
  void assign(std::span<const float> values);

  /// What a group sees of x [source, image].
  static RateMatrix<float> seen(const Group& group, const RateMatrix<float>& x);

  /// W x, for x [source, image]. Groups in parallel (TBB); the result does not depend on the threads.
  RateMatrix<float> times(const RateMatrix<float>& x) const;
  /// W^T step, for step [neuron, image].
  RateMatrix<float> transposed_times(const RateMatrix<float>& step) const;

 private:
  Eigen::Index neurons_;
  Eigen::Index sources_;
  std::vector<Group> groups_;
};

}  // namespace shallows
