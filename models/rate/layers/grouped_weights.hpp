// The weights of a layer that learns, as matrices: one for each group of neighbouring neurons that see the
// same neurons below. A dense layer is cut into groups of equal size, which run in parallel. Neurons of a
// group lie side by side in memory, so that products have them in the lanes of vectors and read weights in
// the order in which they lie.
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
    RateMatrix<float> weights;      ///< [neuron of the group, source]

    std::span<const float> values() const {
      return {weights.data(), static_cast<std::size_t>(weights.size())};
    }
  };
  /// Groups [first, end) whose neurons see the same.
  struct Population {
    std::size_t first;
    std::size_t end;
  };

  explicit GroupedWeights(const Synapses& synapses);
  /// Dense, all 0.
  GroupedWeights(std::size_t neurons, std::size_t sources);

  Eigen::Index neurons() const { return neurons_; }
  Eigen::Index sources() const { return sources_; }
  std::span<const Group> groups() const { return groups_; }
  std::span<Group> groups() { return groups_; }
  std::span<const Population> populations() const { return populations_; }
  bool is_dense() const { return populations_.size() == 1 && groups_.front().sources.empty(); }
  std::size_t synapses() const;

  /// In the order of the synapses (neuron by neuron), and back.
  std::vector<float> values() const;
  void assign(std::span<const float> values);
  /// The same structure with all weights 0.
  GroupedWeights zeros() const;

  /// What a group sees of x [source, image]: x itself, or what is gathered in `gathered`.
  static const RateMatrix<float>& seen(const Group& group, const RateMatrix<float>& x,
                                       RateMatrix<float>& gathered);

  /// W x, for x [source, image]. Groups in parallel (TBB); the result does not depend on the threads.
  RateMatrix<float> times(const RateMatrix<float>& x) const;
  /// W^T step, for step [neuron, image].
  RateMatrix<float> transposed_times(const RateMatrix<float>& step) const;
  /// The same of one population, for the sources that it sees.
  RateMatrix<float> transposed_times(const Population& population, const RateMatrix<float>& step) const;

 private:
  void find_populations();
  RateMatrix<float> of_population(const Population& population, const WeightMatrix<float>& step) const;

  Eigen::Index neurons_;
  Eigen::Index sources_;
  std::vector<Group> groups_;
  std::vector<Population> populations_;
};

}  // namespace shallows
