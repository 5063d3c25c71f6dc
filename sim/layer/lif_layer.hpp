// The fast exact layer: spike train in, spike train out.
//
// Which arrivals a neuron hears is found in two steps, as most arrivals reach few neurons: those that reach a
// cohort, and among them those that reach each of its blocks. Then blocks walk, with their state in vector
// registers. Spike times are the arrival times themselves, in double precision, and so is the time for which
// a neuron is refractory; Real is the precision of the voltages. The words:
//
//     lane    a neuron, as an element of vectors (kBlockLanes in a block)
//     block   neurons with contiguous ids: a bank stores neurons with overlapping patches side by side
//     row     the weights from one source to a block, over the neurons' threshold gaps
//             (packed_synapses.hpp)
//     cohort  consecutive blocks that select their arrivals together (cohort_walk.hpp)
//     team    blocks of a cohort that walk their arrivals in lockstep (lif_kernel.hpp)
//     frame   arrivals within so many tau that exp(t / tau) stays in the range of Real
//     slice   so many arrivals of a frame that their lists stay in the cache
//     volley  the spikes of one block at one arrival (volleys.hpp)
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/core/aligned_vector.hpp"
#include "sim/core/spike_train.hpp"
#include "sim/core/synapses.hpp"
#include "sim/layer/cohort_walk.hpp"
#include "sim/layer/lap_clock.hpp"
#include "sim/layer/packed_synapses.hpp"
#include "sim/layer/volleys.hpp"
#include "sim/neurons/lif.hpp"

namespace shallows {

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
  // Working memory of a frame, see ArrivalFrame.
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
  /// Cohorts walk in parallel (TBB); the result does not depend on the number of threads.
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
  Cohort<Real> cohort(std::size_t index, State& state) const;
  ArrivalFrame<Real> frame_of(const SpikeTrain& arrivals, std::size_t first, TimeMs start, TimeMs stop,
                              bool last, Unordered& memory) const;
  void find_reach(std::span<const NeuronId> arrivals, Unordered& memory) const;

  double tau_ms_;
  TimeMs refractory_ms_;
  std::vector<double> drives_mV_;  // I
  std::vector<double> gaps_mV_;    // theta - I, positive
  PackedSynapses<Real> synapses_;  // divided by the gaps
  AlignedVector<Real> reset_;      // (v_reset - I) / gap * exp(refractory time / tau), per lane
  std::size_t cohorts_;
  std::vector<std::uint32_t> targets_of_;  // [cohort][source], see Cohort
  std::vector<std::uint16_t> cohorts_of_;  // [cohort / 16][source]: bit cohort % 16, where it reaches it
};

}  // namespace shallows
