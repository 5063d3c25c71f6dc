// The fast exact layer: spike train in, spike train out.
//
// Neurons are cut into blocks of kBlockLanes with contiguous ids (a bank stores neurons with overlapping
// patches side by side). A block keeps the weights of the sources that reach any of its neurons, normalised
// by each neuron's threshold gap; a team of blocks walks the arrivals from those sources with its state in
// vector registers (lif_kernel.hpp). Which arrivals these are is found in two steps, as most arrivals reach
// few blocks: those that reach a cohort of blocks, and among them those that reach each block. Spike times
// are the arrival times themselves, in double precision, and so is the time for which a neuron is refractory;
// Real is the precision of the voltages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/core/aligned_vector.hpp"
#include "sim/core/spike_train.hpp"
#include "sim/core/synapses.hpp"
#include "sim/layer/lif_kernel.hpp"
#include "sim/layer/packed_synapses.hpp"
#include "sim/layer/volleys.hpp"
#include "sim/neurons/lif.hpp"

namespace shallows {

/// Where a layer's time goes, for benchmarks on one thread [s].
struct LayerTimes {
  double filtering = 0.0;  ///< which arrivals concern which block
  double walking = 0.0;    ///< the inner loop
  double ordering = 0.0;   ///< the blocks' spikes into one train
};

/// Longest refractory time of the fast layer in units of tau: exp() of it leaves float32 its range.
inline constexpr double kLongestRefractory = 16.0;

/// Every neuron at the start of the next interval, padded to whole blocks.
template <class Real>
struct LifLayerState {
  /// (v_i - I_i) / (theta_i - I_i); of a refractory neuron such that it is at the reset when it is free.
  AlignedVector<Real> x;
  /// Time until neuron i leaves refractoriness, 0 if it is free; empty without refractoriness.
  std::vector<TimeMs> refractory_left_ms;

  friend bool operator==(const LifLayerState&, const LifLayerState&) = default;
};

/// What run_unordered() leaves to order(). Given back to run_unordered(), it saves allocations.
template <class Real>
struct LifLayerOutput {
  UnorderedSpikes spikes;
  // Working memory of a frame, see LifLayer::Events.
  std::vector<Real> scale;
  std::vector<Real> free_from;
  std::vector<std::uint16_t> masks;
  std::vector<std::uint64_t> reach;
};

template <class Real>
class LifLayer {
 public:
  using State = LifLayerState<Real>;
  using Unordered = LifLayerOutput<Real>;

  /// The fast path needs neurons that spike only on an arrival, so drives below their thresholds, and a
  /// refractory time of at most kLongestRefractory * tau.
  static bool applies(const LifParams& params, std::span<const double> thresholds_mV,
                      std::span<const double> drives_mV);

  LifLayer(const Synapses& synapses, const LifParams& params, std::vector<double> thresholds_mV,
           std::vector<double> drives_mV);

  std::size_t size() const { return gaps_mV_.size(); }
  State initial_state(std::span<const double> v_mV) const;

  /// Spikes of the layer in [0, duration), given the arrivals in it; `state` moves from 0 to `duration`.
  /// Cohorts run in parallel (TBB); the result does not depend on the number of threads.
  /// `times`, if given, are added to. Throws Error (network) for kMostArrivals or more arrivals.
  void run(const SpikeTrain& arrivals, TimeMs duration, State& state, SpikeTrain& spikes,
           LayerTimes* times = nullptr) const;

  /// The two parts of run(): the layer can be at the next interval while the spikes of this one are ordered.
  void run_unordered(const SpikeTrain& arrivals, TimeMs duration, State& state, Unordered& unordered,
                     LayerTimes* times = nullptr) const;
  void order(const SpikeTrain& arrivals, const Unordered& unordered, SpikeTrain& spikes,
             LayerTimes* times = nullptr) const;

  const PackedSynapses<Real>& synapses() const { return synapses_; }
  /// Of the weights and the tables.
  std::size_t bytes() const {
    return synapses_.bytes() + targets_of_.size() * sizeof(std::uint32_t) +
           cohorts_of_.size() * sizeof(std::uint16_t);
  }

 private:
  struct Events;
  struct Scratch;
  std::size_t cohort_size(std::size_t cohort) const;
  Events frame_events(const SpikeTrain& arrivals, std::size_t first, TimeMs start, TimeMs stop, bool last,
                      Unordered& memory) const;
  void find_reach(std::span<const NeuronId> arrivals, Unordered& memory) const;
  void select_arrivals(std::size_t cohort, const Events& events, std::size_t begin, Scratch& scratch) const;
  void enter(std::size_t block, std::size_t place, const Events& events, std::size_t begin,
             Scratch& scratch) const;
  void walk(std::size_t size, State& state, Scratch& scratch) const;
  void hand_over(std::size_t place, std::size_t to, Scratch& scratch, std::span<BlockSpikes> spikes) const;
  void run_cohort(std::size_t cohort, const Events& events, State& state, std::span<BlockSpikes> spikes,
                  LayerTimes* times) const;

  double tau_ms_;
  TimeMs refractory_ms_;
  std::vector<double> drives_mV_;  // I
  std::vector<double> gaps_mV_;    // theta - I, positive
  PackedSynapses<Real> synapses_;  // divided by the gaps
  AlignedVector<Real> reset_;      // (v_reset - I) / gap * exp(refractory time / tau), per lane
  std::size_t cohorts_;
  // [cohort][source]: bit b is set where it reaches block b; above these kCohortBlocks bits, the row of its
  // weights in each block.
  std::vector<std::uint32_t> targets_of_;
  std::vector<std::uint16_t> cohorts_of_;  // [cohort / 16][source]: bit cohort % 16, where it reaches it
};

}  // namespace shallows
