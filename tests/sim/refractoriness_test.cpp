// The one rule of sim/neurons/refractoriness.hpp in every engine: from tau = 0.01 to 1e6 ms, refractory times
// from next to nothing to many tau, and arrivals that meet the end of one exactly.
#include "sim/neurons/refractoriness.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "sim/core/delay_line.hpp"
#include "sim/layer/lif_layer.hpp"
#include "sim/reference/reference_engine.hpp"
#include "tests/sim/layer/layer_cases.hpp"
#include "tests/sim/train_matching.hpp"

namespace shallows {
namespace {

/// A layer in which nearly every arrival that counts makes its neurons spike, so that the refractory time
/// alone decides when; what arrives, in several intervals; how long they are.
struct Bombardment {
  LayerCase layer;
  std::vector<SpikeTrain> arrivals;
  TimeMs duration;
};

Bombardment random_bombardment(std::uint64_t index) {
  Rng rng(14, Purpose::tests, index);
  const std::size_t sources = 4 + rng.integer(20);
  Bombardment shown{.layer = random_layer(sources, 1 + rng.integer(150),
                                          index % 2 == 0 ? Wiring::dense : Wiring::sparse, 200.0, rng),
                    .arrivals = {},
                    .duration = 0.0};
  LifParams& params = shown.layer.params;
  params.tau_ms = 0.01 * std::pow(1e8, rng.uniform());
  const double longest = std::min(kLongestRefractory * params.tau_ms, 1e3);
  const double shortest = std::max(1e-6, 1e-9 * params.tau_ms);
  params.refractory_ms = shortest * std::pow(longest / shortest, rng.uniform());
  // Every other time on a grid that divides the refractory time, so that many arrivals meet its end.
  const TimeMs gap = params.refractory_ms / (1.0 + rng.integer(6));
  const TimeMs grid = index % 4 < 2 ? gap : 0.0;
  shown.duration = 100.0 * gap;
  for (int interval = 0; interval < 4; ++interval) {
    shown.arrivals.push_back(random_arrivals(100 * sources / 4, sources, shown.duration, grid, rng));
  }
  return shown;
}

constexpr std::uint64_t kBombardments = 120;

template <class Layer>
std::vector<SpikeTrain> run_all(const Layer& layer, const LayerCase& layer_case,
                                const std::vector<SpikeTrain>& arrivals, TimeMs duration) {
  auto state = layer.initial_state(layer_case.initial_mV);
  std::vector<SpikeTrain> spikes(arrivals.size());
  for (std::size_t i = 0; i < arrivals.size(); ++i) layer.run(arrivals[i], duration, state, spikes[i]);
  return spikes;
}

SpikeTrain join(const std::vector<SpikeTrain>& trains, TimeMs duration) {
  SpikeTrain joined;
  for (std::size_t i = 0; i < trains.size(); ++i) {
    for (std::size_t k = 0; k < trains[i].size(); ++k) {
      joined.append(static_cast<double>(i) * duration + trains[i].times()[k], trains[i].sources()[k]);
    }
  }
  return joined;
}

/// Fails for every interval that is too short; returns the number of spikes.
std::size_t expect_refractory_times(const std::vector<SpikeTrain>& spikes, const Bombardment& shown,
                                    const char* engine, std::uint64_t index) {
  const LifParams& params = shown.layer.params;
  std::size_t count = 0;
  for (const SpikeTrain& train : spikes) {
    count += train.size();
    EXPECT_EQ(too_short(train, params.refractory_ms), 0U)
        << engine << ", case " << index << ": tau " << params.tau_ms << ", refractory "
        << params.refractory_ms;
  }
  // From one interval to the next a time is rounded once more: shifted by the duration, back and forth.
  const TimeMs end = static_cast<double>(spikes.size()) * shown.duration + params.refractory_ms;
  const TimeMs rounding = 4.0 * std::numeric_limits<double>::epsilon() * end;
  EXPECT_EQ(too_short(join(spikes, shown.duration), params.refractory_ms - rounding), 0U)
      << engine << ", case " << index << ", between intervals";
  return count;
}

TEST(Refractoriness, NoIntervalOfAnyEngineIsShorterThanItFromTheShortestToTheLongestTau) {
  std::size_t spikes = 0;
  for (std::uint64_t index = 0; index < kBombardments; ++index) {
    const Bombardment shown = random_bombardment(index);
    const auto& [layer, arrivals, duration] = shown;
    const auto reference = run_all(layer.reference(), layer, arrivals, duration);
    const auto in_double = run_all(layer.fast<double>(), layer, arrivals, duration);
    const auto in_float = run_all(layer.fast<float>(), layer, arrivals, duration);
    spikes += expect_refractory_times(reference, shown, "reference", index);
    expect_refractory_times(in_double, shown, "fast double", index);
    expect_refractory_times(in_float, shown, "fast float", index);
    // Nor is one longer: what the reference lets pass, the fast engines do.
    EXPECT_EQ(in_double, reference) << "case " << index;
    for (std::size_t i = 0; i < reference.size(); ++i) {
      const auto all = std::max(reference[i].size(), in_float[i].size());
      EXPECT_GE(matched_spikes(reference[i], in_float[i], 0.0) + all / 1000, all) << "case " << index;
    }
  }
  EXPECT_GT(spikes, 200'000U) << "too quiet to show anything";
}

/// One neuron that spikes at every arrival that counts, whatever its voltage.
LayerCase willing_neuron(double tau_ms, TimeMs refractory_ms) {
  LayerCase layer;
  layer.params = {.tau_ms = tau_ms, .refractory_ms = refractory_ms};
  layer.synapses.source_count = 1;
  layer.synapses.sources = {0};
  layer.synapses.weights_mV = {100.0F};
  layer.synapses.offsets.push_back(1);
  layer.thresholds_mV = {20.0};
  layer.drives_mV = {0.0};
  layer.initial_mV = {0.0};
  return layer;
}

/// Arrivals every `interval` in several presentations, by way of a delay line: sums that round to either
/// side.
std::vector<SpikeTrain> periodic_arrivals(TimeMs first, TimeMs interval, std::size_t count, TimeMs duration) {
  std::vector<SpikeTrain> presentations;
  DelayLine line(0.1);
  for (std::size_t k = 0; k < count;) {
    const TimeMs origin = static_cast<double>(presentations.size()) * duration;
    SpikeTrain emitted;
    for (; k < count; ++k) {
      const TimeMs time = first + static_cast<double>(k) * interval - origin;
      if (time >= duration) break;
      emitted.append(time, 0);
    }
    presentations.emplace_back();
    line.advance(emitted, duration, presentations.back());
  }
  presentations.emplace_back();
  line.advance({}, duration, presentations.back());
  return presentations;
}

/// Calls use(layer case, arrivals, duration) for many periods, each with the arrivals of that period.
template <class Use>
void for_each_period(std::size_t per_refractory_time, Use&& use) {
  for (const double tau : {0.5, 25.0, 1e6}) {
    for (const TimeMs refractory : {0.1, 0.3, 0.7, 1.1, 3.0, 7.9}) {
      if (refractory > kLongestRefractory * tau) continue;
      for (const TimeMs first : {0.0, 0.1, 1.7, 2.0 / 3.0}) {
        const TimeMs interval = refractory / static_cast<double>(per_refractory_time);
        const TimeMs duration = 21.3;
        SCOPED_TRACE(testing::Message()
                     << "tau " << tau << ", refractory " << refractory << ", first " << first);
        use(willing_neuron(tau, refractory), periodic_arrivals(first, interval, 300, duration), duration);
      }
    }
  }
}

TEST(Refractoriness, CountsEveryArrivalOfATrainThatHasItsPeriodInEveryEngine) {
  for_each_period(1, [](const LayerCase& layer, const std::vector<SpikeTrain>& arrivals, TimeMs duration) {
    EXPECT_EQ(run_all(layer.reference(), layer, arrivals, duration), arrivals);
    EXPECT_EQ(run_all(layer.fast<double>(), layer, arrivals, duration), arrivals);
    EXPECT_EQ(run_all(layer.fast<float>(), layer, arrivals, duration), arrivals);
  });
}

TEST(Refractoriness, CountsEveryThirdArrivalOfATrainThatHasAThirdOfItsPeriodInEveryEngine) {
  for_each_period(3, [](const LayerCase& layer, const std::vector<SpikeTrain>& arrivals, TimeMs duration) {
    std::vector<SpikeTrain> expected(arrivals.size());
    std::size_t k = 0;
    for (std::size_t i = 0; i < arrivals.size(); ++i) {
      for (const TimeMs time : arrivals[i].times()) {
        if (k++ % 3 == 0) expected[i].append(time, 0);
      }
    }
    EXPECT_EQ(run_all(layer.reference(), layer, arrivals, duration), expected);
    EXPECT_EQ(run_all(layer.fast<double>(), layer, arrivals, duration), expected);
    EXPECT_EQ(run_all(layer.fast<float>(), layer, arrivals, duration), expected);
  });
}

TEST(Refractoriness, LosesArrivalsThatAreCloserToItsEndThanTauResolvesInEveryEngine) {
  // With tau = 1e6 ms float32 resolves 0.1 ms, not these 1e-6 ms; the rule's tolerance is 1e-9 ms.
  for (const double tau : {25.0, 1e6}) {
    const LayerCase layer = willing_neuron(tau, 0.3);
    const std::vector<SpikeTrain> arrivals = {SpikeTrain::from_unsorted(
        {{50.0, 0}, {50.0 + 1e-6, 0}, {50.3 - 1e-6, 0}, {50.3, 0}, {50.6 - 1e-8, 0}})};
    const std::vector<SpikeTrain> expected = {SpikeTrain::from_unsorted({{50.0, 0}, {50.3, 0}})};
    EXPECT_EQ(run_all(layer.reference(), layer, arrivals, 60.0), expected);
    EXPECT_EQ(run_all(layer.fast<double>(), layer, arrivals, 60.0), expected);
    EXPECT_EQ(run_all(layer.fast<float>(), layer, arrivals, 60.0), expected);
  }
}

TEST(Refractoriness, LastsOverManySlicesOfArrivalsInEveryEngine) {
  // 100 000 arrivals within a frame: the refractory time ends in the slice of the spike, in the next one,
  // three slices later, and in the next presentation.
  for (const TimeMs refractory : {0.013, 0.2, 0.6, 1.5}) {
    const LayerCase layer = willing_neuron(25.0, refractory);
    std::vector<SpikeTrain> arrivals(3);
    for (SpikeTrain& train : arrivals) {
      for (std::size_t k = 0; k < 100'000; ++k) train.append(1e-5 * static_cast<double>(k), 0);
    }
    const auto expected = run_all(layer.reference(), layer, arrivals, 1.0);
    ASSERT_GE(join(expected, 1.0).size(), 2U);
    EXPECT_EQ(run_all(layer.fast<double>(), layer, arrivals, 1.0), expected) << refractory;
    EXPECT_EQ(run_all(layer.fast<float>(), layer, arrivals, 1.0), expected) << refractory;
  }
}

TEST(Refractoriness, OfAtMostTheToleranceIsNone) {
  const std::vector<SpikeTrain> arrivals = {
      SpikeTrain::from_unsorted({{1.0, 0}, {1.0 + 1e-12, 0}, {2.0, 0}})};
  const LayerCase layer = willing_neuron(25.0, kReleaseTolerance);
  EXPECT_EQ(run_all(layer.reference(), layer, arrivals, 3.0), arrivals);
  EXPECT_EQ(run_all(layer.fast<double>(), layer, arrivals, 3.0), arrivals);
  EXPECT_EQ(run_all(layer.fast<float>(), layer, arrivals, 3.0), arrivals);
}

}  // namespace
}  // namespace shallows
