// The reference engine in networks with loops, against closed forms.
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include "sim/core/rng.hpp"
#include "sim/reference/reference_engine.hpp"
#include "tests/sim/train_matching.hpp"

namespace shallows {
namespace {

constexpr double kThreshold_mV = 20.0, kTau_ms = 25.0;

/// One synapse of this weight from source k to target to[k].
Synapses one_each(const std::vector<NeuronId>& to, float weight_mV) {
  Synapses synapses;
  synapses.source_count = to.size();
  for (NeuronId target = 0; target < to.size(); ++target) {
    for (NeuronId source = 0; source < to.size(); ++source) {
      if (to[source] != target) continue;
      synapses.sources.push_back(source);
      synapses.weights_mV.push_back(weight_mV);
    }
    synapses.offsets.push_back(static_cast<std::uint32_t>(synapses.sources.size()));
  }
  return synapses;
}

/// `count` neurons at 0 mV under a drive.
std::size_t add_neurons(ReferenceEngine& engine, std::size_t count, double drive_mV,
                        TimeMs refractory_ms = 0.0) {
  return engine.add_population({.refractory_ms = refractory_ms}, std::vector(count, kThreshold_mV),
                               std::vector(count, drive_mV), std::vector(count, 0.0));
}

/// How long the drive takes to lift a neuron to its threshold.
TimeMs rise(double drive_mV, double from_mV = 0.0) {
  return kTau_ms * std::log((drive_mV - from_mV) / (drive_mV - kThreshold_mV));
}

TEST(RecurrentEngine, LetsTwoNeuronsExciteEachOtherForEver) {
  ReferenceEngine engine;
  const std::size_t input = engine.add_input(1);
  const std::size_t left = add_neurons(engine, 1, 0.0), right = add_neurons(engine, 1, 0.0);
  engine.connect(input, left, one_each({0}, 25.0F), 0.5);
  engine.connect(left, right, one_each({0}, 25.0F), 2.0);
  engine.connect(right, left, one_each({0}, 25.0F), 3.0);
  const SpikeTrain first = train({{1.0, 0}});
  const auto got = engine.advance({&first, 1}, 12.0);
  EXPECT_EQ(got[left], train({{1.5, 0}, {6.5, 0}, {11.5, 0}}));
  EXPECT_EQ(got[right], train({{3.5, 0}, {8.5, 0}}));
  // What is on its way goes on: 11.5 + 2 is 1.5 after the end.
  const SpikeTrain silence;
  const auto later = engine.advance({&silence, 1}, 6.0);
  EXPECT_EQ(later[right], train({{1.5, 0}}));
  EXPECT_EQ(later[left], train({{4.5, 0}}));
}

TEST(RecurrentEngine, SendsASpikeRoundARing) {
  constexpr NeuronId kNeurons = 7;
  std::vector<NeuronId> next;
  for (NeuronId i = 0; i < kNeurons; ++i) next.push_back((i + 1) % kNeurons);
  ReferenceEngine engine;
  const std::size_t input = engine.add_input(kNeurons);
  const std::size_t ring = add_neurons(engine, kNeurons, 0.0);
  engine.connect(input, ring, one_each({0, 1, 2, 3, 4, 5, 6}, 25.0F), 1.0);
  engine.connect(ring, ring, one_each(next, 25.0F), 0.25);
  const SpikeTrain first = train({{1.0, 3}});
  const auto got = engine.advance({&first, 1}, 20.0);
  ASSERT_EQ(got[ring].size(), 72U);  // from 2 to 19.75 ms
  for (std::size_t k = 0; k < got[ring].size(); ++k) {
    EXPECT_EQ(got[ring].times()[k], 2.0 + 0.25 * static_cast<double>(k));
    EXPECT_EQ(got[ring].sources()[k], (3 + k) % kNeurons);
  }
}

TEST(RecurrentEngine, DefersASpikeByInhibitionThatArrivesBeforeIt) {
  // The fast neuron, which spikes once, takes 6 mV from the slow one on its way up.
  ReferenceEngine engine;
  const std::size_t fast = add_neurons(engine, 1, 80.0, 1000.0), slow = add_neurons(engine, 1, 30.0);
  engine.connect(fast, slow, one_each({0}, -6.0F), 4.0);
  const auto got = engine.advance({}, 40.0);
  ASSERT_EQ(got[fast].size(), 1U);
  EXPECT_NEAR(got[fast].times()[0], rise(80.0), 1e-12);
  const TimeMs arrival = rise(80.0) + 4.0;
  const double v = 30.0 * (1.0 - std::exp(-arrival / kTau_ms)) - 6.0;
  ASSERT_EQ(got[slow].size(), 1U);
  EXPECT_NEAR(got[slow].times()[0], arrival + rise(30.0, v), 1e-12);
  EXPECT_GT(got[slow].times()[0], rise(30.0) + 1.0);
}

TEST(RecurrentEngine, LosesWhatReturnsDuringRefractoriness) {
  // A neuron that excites itself: after 2 ms while it is refractory for 3, after 4 ms for ever.
  for (const auto& [delay_ms, spikes] : {std::pair{2.0, 1U}, std::pair{4.0, 5U}}) {
    ReferenceEngine engine;
    const std::size_t input = engine.add_input(1), self = add_neurons(engine, 1, 0.0, 3.0);
    engine.connect(input, self, one_each({0}, 25.0F), 0.0);
    engine.connect(self, self, one_each({0}, 25.0F), delay_ms);
    const SpikeTrain first = train({{1.0, 0}});
    EXPECT_EQ(engine.advance({&first, 1}, 18.0)[self].size(), spikes) << delay_ms;
  }
}

TEST(RecurrentEngine, CountsAllArrivalsOfAnInstantTogetherWhereverTheyComeFrom) {
  // 25 mV over 1 ms and -10 mV over 2 ms meet at 5 ms; by themselves the first would be a spike.
  for (const bool inhibited : {false, true}) {
    ReferenceEngine engine;
    const std::size_t late = engine.add_input(1), early = engine.add_input(1);
    const std::size_t target = add_neurons(engine, 1, 0.0);
    engine.connect(late, target, one_each({0}, 25.0F), 1.0);
    engine.connect(early, target, one_each({0}, -10.0F), 2.0);
    const std::vector<SpikeTrain> inputs = {train({{4.0, 0}}), inhibited ? train({{3.0, 0}}) : SpikeTrain()};
    EXPECT_EQ(engine.advance(inputs, 10.0)[target], inhibited ? SpikeTrain() : train({{5.0, 0}}));
  }
}

TEST(RecurrentEngine, AddsWhatArrivesAtOnceInTheOrderOfPopulationsWhateverWasConnectedFirst) {
  // 7 mV between 1e17 and -1e17 are lost to rounding, after them they are not.
  for (const bool between : {true, false}) {
    ReferenceEngine engine;
    std::vector<std::size_t> inputs;
    for (int k = 0; k < 3; ++k) inputs.push_back(engine.add_input(1));
    const std::size_t target =
        engine.add_population({}, std::vector{5.0}, std::vector{0.0}, std::vector{0.0});
    const std::vector<float> weights =
        between ? std::vector{1e17F, 7.0F, -1e17F} : std::vector{1e17F, -1e17F, 7.0F};
    for (const std::size_t k : {2U, 0U, 1U})
      engine.connect(inputs[k], target, one_each({0}, weights[k]), 1.0);
    const std::vector<SpikeTrain> spikes(3, train({{4.0, 0}}));
    EXPECT_EQ(engine.advance(spikes, 10.0)[target].empty(), between);
  }
}

TEST(RecurrentEngine, PassesAnInstantOnWithoutDelay) {
  ReferenceEngine engine;
  std::size_t last = engine.add_input(1);
  for (int depth = 0; depth < 3; ++depth) {
    const std::size_t next = add_neurons(engine, 1, 0.0);
    engine.connect(last, next, one_each({0}, 25.0F), 0.0);
    last = next;
  }
  const SpikeTrain first = train({{2.0, 0}});
  EXPECT_EQ(engine.advance({&first, 1}, 5.0)[last], first);
}

/// Excitatory and inhibitory neurons, all to all with a small probability, driven to about their threshold.
ReferenceEngine random_loops(Rng& rng) {
  ReferenceEngine engine;
  std::vector<std::size_t> populations;
  for (const std::size_t size : {20U, 10U}) {
    std::vector<double> thresholds, drives, initial;
    for (std::size_t i = 0; i < size; ++i) {
      thresholds.push_back(rng.uniform(19.0, 21.0));
      drives.push_back(rng.uniform(15.0, 40.0));
      initial.push_back(rng.uniform(0.0, 19.0));
    }
    populations.push_back(engine.add_population({.refractory_ms = 2.0}, thresholds, drives, initial));
  }
  const std::size_t sizes[] = {20, 10};
  for (const std::size_t from : populations) {
    for (const std::size_t to : populations) {
      Synapses synapses;
      synapses.source_count = sizes[from];
      for (std::size_t i = 0; i < sizes[to]; ++i) {
        for (NeuronId j = 0; j < sizes[from]; ++j) {
          if (rng.uniform() >= 0.3) continue;
          synapses.sources.push_back(j);
          synapses.weights_mV.push_back(from == 0 ? 1.0F : -2.0F);
        }
        synapses.offsets.push_back(static_cast<std::uint32_t>(synapses.sources.size()));
      }
      engine.connect(from, to, synapses, rng.uniform(0.5, 5.0));
    }
  }
  return engine;
}

TEST(RecurrentEngine, GivesTheSameSpikesInOneIntervalAndInSeveral) {
  for (std::uint64_t index = 0; index < 5; ++index) {
    Rng rng(54, Purpose::tests, index);
    ReferenceEngine whole = random_loops(rng), parts = whole;
    const std::vector<SpikeTrain> expected = whole.advance({}, 400.0);
    std::vector<SpikeTrain> joined(expected.size());
    for (int part = 0; part < 8; ++part) {
      const std::vector<SpikeTrain> got = parts.advance({}, 50.0);
      for (std::size_t p = 0; p < got.size(); ++p) {
        for (std::size_t k = 0; k < got[p].size(); ++k)
          joined[p].append(50.0 * part + got[p].times()[k], got[p].sources()[k]);
      }
    }
    for (std::size_t p = 0; p < expected.size(); ++p) {
      EXPECT_GT(expected[p].size(), 50U) << "too quiet to show anything";
      EXPECT_LT(largest_distance(joined[p], expected[p]), 1e-9) << "case " << index;
    }
  }
}

}  // namespace
}  // namespace shallows
