// The fast spiking readout against the reference walk, over many presentations with learning.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "models/spiking/spiking_readout.hpp"
#include "sim/layer/lif_layer.hpp"
#include "tests/sim/instruction_sets.hpp"
#include "tests/sim/layer/layer_cases.hpp"
#include "tests/sim/train_matching.hpp"

namespace shallows {
namespace {

struct Course {
  TimeMs duration = 150.0;  // of a presentation
  SpikingParams params;
  ReadoutShape shape;
  std::vector<double> weights;
  std::vector<double> initial_mV;
  std::vector<SpikeTrain> arrivals;  // of each presentation
  std::vector<Lesson> lessons;
};

/// Presentations in which some inputs are active and others silent; every other one has simultaneous
/// arrivals.
Course random_course(std::size_t classes, std::size_t inputs, std::size_t presentations,
                     std::uint64_t index) {
  Rng rng(95, Purpose::tests, index);
  Course course;
  std::get<TeacherStdpParams>(course.params.readout.rule).trace_tau_ms = rng.uniform(5.0, 30.0);
  course.params.neuron.tau_ms = rng.uniform(5.0, 40.0);
  if (index % 2 == 1) std::get<TeacherStdpParams>(course.params.readout.rule).weight_bound_mV = 50.0;
  if (index % 3 == 2) course.params.neuron.refractory_ms = rng.uniform(0.1, 5.0);
  course.shape.inputs = inputs;
  for (std::size_t i = 0; i < classes; ++i) {
    course.shape.thresholds_mV.push_back(rng.uniform(20.01, 21.0));
    course.initial_mV.push_back(rng.uniform(0.0, 20.0));
    for (std::size_t j = 0; j < inputs; ++j)
      course.weights.push_back(20.0 / std::sqrt(static_cast<double>(inputs)) * rng.normal());
  }
  for (std::size_t p = 0; p < presentations; ++p) {
    course.arrivals.push_back(random_arrivals(2000, inputs, course.duration, p % 2 == 0 ? 0.0 : 0.25, rng));
    course.lessons.push_back(
        {.from = p % 3 == 0 ? 0.0 : 100.0,
         .label = static_cast<std::uint8_t>(rng.integer(static_cast<std::uint32_t>(classes))),
         .learning_rate = 2e-3});
  }
  return course;
}

/// Every rule of the list, as it is by default.
std::vector<SpikeRuleChoice> all_rules() {
  std::vector<SpikeRuleChoice> rules;
  for_each_entry(SpikeRules(), [&]<class Entry>() { rules.emplace_back(typename Entry::Params()); });
  return rules;
}

/// A course by another rule, with a learning rate that makes weights move by a tenth of their size.
Course by_rule(Course course, const SpikeRuleChoice& rule) {
  course.params.readout.rule = rule;
  for (Lesson& lesson : course.lessons) lesson.learning_rate = 1e-2;
  return course;
}

struct Outcome {
  std::vector<SpikeTrain> spikes;
  std::vector<double> weights;
};

template <class Readout>
Outcome take(const Course& course) {
  Readout readout(course.params, course.shape, course.weights);
  auto state = readout.initial_state(course.initial_mV);
  Outcome outcome;
  for (std::size_t p = 0; p < course.lessons.size(); ++p) {
    outcome.spikes.emplace_back();
    readout.learn(course.arrivals[p], course.duration, course.lessons[p], state, outcome.spikes.back());
  }
  for (const auto weight : readout.weights()) outcome.weights.push_back(static_cast<double>(weight));
  return outcome;
}

TEST(FastReadout, LearnsAsTheReferenceDoesInDoublePrecision) {
  std::size_t spikes = 0;
  for (const std::size_t classes : {2U, 10U, 16U, 17U, 40U}) {
    const Course course = random_course(classes, 150, 30, classes);
    const Outcome expected = take<ReferenceReadout>(course);
    const Outcome got = take<SpikingReadout<double>>(course);
    for (std::size_t p = 0; p < expected.spikes.size(); ++p) {
      ASSERT_EQ(got.spikes[p], expected.spikes[p]) << classes << " classes, presentation " << p;
      spikes += expected.spikes[p].size();
    }
    for (std::size_t w = 0; w < expected.weights.size(); ++w) {
      EXPECT_NEAR(got.weights[w], expected.weights[w], 1e-9 * std::max(1.0, std::abs(expected.weights[w])));
    }
  }
  EXPECT_GT(spikes, 10'000U) << "too quiet to show anything";
}

TEST(FastReadout, LearnsByEveryRuleAsTheReferenceDoesInDoublePrecision) {
  for (const SpikeRuleChoice& rule : all_rules()) {
    SCOPED_TRACE(name_in(SpikeRules(), rule));
    for (const std::size_t classes : {10U, 17U}) {
      for (const std::uint64_t index : {1U, 2U}) {  // the second one is refractory
        const Course course = by_rule(random_course(classes, 100, 12, index), rule);
        const Outcome expected = take<ReferenceReadout>(course);
        const Outcome got = take<SpikingReadout<double>>(course);
        EXPECT_EQ(got.spikes, expected.spikes);
        EXPECT_NE(expected.weights, course.weights) << "nothing was learned";
        for (std::size_t w = 0; w < expected.weights.size(); ++w) {
          ASSERT_NEAR(got.weights[w], expected.weights[w],
                      1e-9 * std::max(1.0, std::abs(expected.weights[w])));
        }
      }
    }
  }
}

TEST(FastReadout, GoesOnFromASavedStateByEveryRule) {
  for (const SpikeRuleChoice& rule : all_rules()) {
    SCOPED_TRACE(name_in(SpikeRules(), rule));
    const Course course = by_rule(random_course(17, 60, 6, 2), rule);
    const Outcome whole = take<SpikingReadout<float>>(course);
    SpikingReadout<float> first(course.params, course.shape, course.weights);
    auto state = first.initial_state(course.initial_mV);
    SpikeTrain spikes;
    for (std::size_t p = 0; p < 3; ++p)
      first.learn(course.arrivals[p], course.duration, course.lessons[p], state, spikes);
    std::vector<NamedArray> arrays;
    first.save(state, arrays);
    SpikingReadout<float> second(course.params, course.shape, course.weights);
    second.set_weights(first.weights());
    auto loaded = second.initial_state(course.initial_mV);
    second.load(arrays, loaded);
    for (std::size_t p = 3; p < 6; ++p)
      second.learn(course.arrivals[p], course.duration, course.lessons[p], loaded, spikes);
    EXPECT_EQ(spikes, whole.spikes.back());
    EXPECT_TRUE(std::ranges::equal(second.weights(), whole.weights,
                                   [](float a, double b) { return static_cast<double>(a) == b; }));
  }
}

TEST(FastReadout, LearnsNearlyTheSameInSinglePrecision) {
  // A spike that rounding moves to another arrival shifts the trace that the next updates see. Over this
  // course 99.9 % of the spikes stay, and the weights within 1e-3 of their overall size.
  for (const std::size_t classes : {10U, 17U}) {
    const Course course = random_course(classes, 150, 30, classes);
    const Outcome expected = take<ReferenceReadout>(course);
    const Outcome got = take<SpikingReadout<float>>(course);
    std::size_t spikes = 0, matched = 0;
    for (std::size_t p = 0; p < expected.spikes.size(); ++p) {
      spikes += std::max(expected.spikes[p].size(), got.spikes[p].size());
      matched += matched_spikes(expected.spikes[p], got.spikes[p], 1e-3);
    }
    EXPECT_GE(static_cast<double>(matched), 0.999 * static_cast<double>(spikes));
    double difference = 0.0, size = 0.0;
    for (std::size_t w = 0; w < expected.weights.size(); ++w) {
      difference += std::pow(got.weights[w] - expected.weights[w], 2.0);
      size += std::pow(expected.weights[w], 2.0);
    }
    EXPECT_LT(std::sqrt(difference / size), 1e-3);
  }
}

/// Any tau from 0.01 to 1e6 ms with a refractory time up to many tau, weights that make a neuron spike at
/// about every other arrival that counts, and, every other time, arrivals on a grid that divides the
/// refractory time.
Course refractory_course(std::uint64_t index) {
  Rng rng(96, Purpose::tests, index);
  Course course = random_course(1 + rng.integer(20), 20, 0, 1000 + index);
  LifParams& neuron = course.params.neuron;
  neuron.tau_ms = 0.01 * std::pow(1e8, rng.uniform());
  const double longest = std::min(kLongestRefractory * neuron.tau_ms, 1e3);
  const double shortest = std::max(1e-6, 1e-9 * neuron.tau_ms);
  neuron.refractory_ms = shortest * std::pow(longest / shortest, rng.uniform());
  for (double& weight : course.weights) weight *= 50.0;
  const TimeMs gap = neuron.refractory_ms / (1.0 + rng.integer(6));
  course.duration = 200.0 * gap;
  for (int p = 0; p < 4; ++p) {
    course.arrivals.push_back(random_arrivals(300, 20, course.duration, index % 2 == 0 ? gap : 0.0, rng));
    course.lessons.push_back({.from = 0.5 * course.duration, .label = 0, .learning_rate = 1e-3});
  }
  return course;
}

TEST(FastReadout, KeepsTheRefractoryTimeFromTheShortestToTheLongestTau) {
  std::size_t spikes = 0;
  for (std::uint64_t index = 0; index < 100; ++index) {
    const Course course = refractory_course(index);
    const LifParams& neuron = course.params.neuron;
    SCOPED_TRACE(testing::Message() << "tau " << neuron.tau_ms << ", refractory " << neuron.refractory_ms);
    const Outcome reference = take<ReferenceReadout>(course);
    const Outcome in_double = take<SpikingReadout<double>>(course);
    const Outcome in_float = take<SpikingReadout<float>>(course);
    EXPECT_EQ(in_double.spikes, reference.spikes);
    for (const Outcome* outcome : {&reference, &in_double, &in_float}) {
      for (const SpikeTrain& train : outcome->spikes) {
        EXPECT_EQ(too_short(train, neuron.refractory_ms), 0U);
        spikes += train.size();
      }
    }
  }
  EXPECT_GT(spikes, 100'000U) << "too quiet to show anything";
}

template <class Real>
class FastReadoutOf : public ::testing::Test {};
using Precisions = ::testing::Types<float, double>;
TYPED_TEST_SUITE(FastReadoutOf, Precisions);

TYPED_TEST(FastReadoutOf, LearnsToTheSameBitsWithEveryInstructionSet) {
  for (const std::uint64_t index : {1U, 2U}) {  // the second one is refractory
    for (const SpikeRuleChoice& rule : all_rules()) {
      const Course course = by_rule(random_course(20, 100, 8, index), rule);
      ASSERT_EQ(course.params.neuron.refractory_ms > 0.0, index == 2);
      const Outcome expected = take<SpikingReadout<TypeParam>>(course);
      for (const auto& [name, targets] : lesser_machines()) {
        const PretendMachine machine(targets);
        const Outcome got = take<SpikingReadout<TypeParam>>(course);
        EXPECT_EQ(got.spikes, expected.spikes) << name << ", " << name_in(SpikeRules(), rule);
        EXPECT_EQ(got.weights, expected.weights) << name << ", " << name_in(SpikeRules(), rule);
      }
    }
  }
}

TYPED_TEST(FastReadoutOf, RespondsAsItDoesWhileItLearnsNothing) {
  const Course course = random_course(20, 100, 8, 2);
  SpikingReadout<TypeParam> readout(course.params, course.shape, course.weights);
  const auto weights = readout.weights();
  auto state = readout.initial_state(course.initial_mV);
  auto taught = state;
  SpikeTrain spikes, expected;
  for (std::size_t p = 0; p < course.lessons.size(); ++p) {
    Lesson lesson = course.lessons[p];
    lesson.from = course.duration;
    readout.learn(course.arrivals[p], course.duration, lesson, taught, expected);
    readout.respond(course.arrivals[p], course.duration, state, spikes);
    EXPECT_EQ(spikes, expected);
  }
  EXPECT_EQ(state.u, taught.u);
  EXPECT_EQ(state.trace, taught.trace);
  EXPECT_EQ(readout.weights(), weights);
}

}  // namespace
}  // namespace shallows
