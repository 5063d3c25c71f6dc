// Rules by which spikes change synapses: closed forms of each, and what every rule of the list must keep.
#include "plasticity/spikes/spike_rules.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <set>
#include <type_traits>
#include <vector>

#include "sim/core/rng.hpp"

namespace shallows {
namespace {

/// One synapse, which a rule changes at its events.
template <class Rule>
struct Synapse {
  Rule rule;
  TraceTaus taus;
  double target_kHz;
  double weight;
  TimeMs lesson_from = 0.0;
  SpikeTrace pre = {};
  SpikeTrace post = {};

  void arrive(TimeMs now) {
    weight = rule.on_pre(weight, {pre, post, target_kHz, now, lesson_from});
    pre.spike(now, taus.pre_ms);
  }
  void fire(TimeMs now) {
    weight = rule.on_post(weight, {pre, post, target_kHz, now, lesson_from});
    post.spike(now, taus.post_ms);
  }
  void end(TimeMs now) { weight = rule.at_end(weight, {pre, post, target_kHz, now, lesson_from}); }
};

Synapse<PairStdp> pair(const PairStdpParams& params, double weight) {
  return {PairStdp(params, 0.1), PairStdpRule::taus(params), 1.0, weight};
}

TEST(PairStdp, FollowsItsWindows) {
  const PairStdpParams params{.plus = 2.0, .minus = 3.0, .tau_plus_ms = 15.0, .tau_minus_ms = 30.0};
  auto causal = pair(params, 1.0);
  causal.arrive(10.0);
  EXPECT_EQ(causal.weight, 1.0) << "nothing has fired before";
  causal.fire(17.0);
  EXPECT_NEAR(causal.weight, 1.0 + 0.1 * 2.0 * std::exp(-7.0 / 15.0), 1e-12);
  auto acausal = pair(params, 1.0);
  acausal.fire(10.0);
  EXPECT_EQ(acausal.weight, 1.0) << "nothing has arrived before";
  acausal.arrive(22.0);
  EXPECT_NEAR(acausal.weight, 1.0 - 0.1 * 3.0 * std::exp(-12.0 / 30.0), 1e-12);
}

TEST(PairStdp, SumsOverAllPairs) {
  const PairStdpParams params{.plus = 1.0, .minus = 0.0, .tau_plus_ms = 20.0, .weight_min_mV = -100.0, .weight_max_mV = 100.0};
  auto synapse = pair(params, 0.0);
  double expected = 0.0;
  for (const TimeMs arrival : {1.0, 4.0, 9.0}) {
    synapse.arrive(arrival);
    expected += 0.1 * std::exp(-(12.0 - arrival) / 20.0);
  }
  synapse.fire(12.0);
  EXPECT_NEAR(synapse.weight, expected, 1e-12);
}

TEST(PairStdp, ShrinksTowardsItsBoundsIfMultiplicative) {
  const PairStdpParams params{.plus = 1.0,
                              .minus = 1.0,
                              .weight_min_mV = -2.0,
                              .weight_max_mV = 6.0,
                              .bounds = StdpBounds::multiplicative};
  for (const double weight : {-2.0, 0.0, 5.0, 6.0}) {
    auto up = pair(params, weight);
    up.arrive(0.0);
    up.fire(0.0);
    EXPECT_NEAR(up.weight, weight + 0.1 * (6.0 - weight) / 8.0, 1e-12);
    auto down = pair(params, weight);
    down.fire(0.0);
    down.arrive(0.0);
    EXPECT_NEAR(down.weight, weight - 0.1 * (weight + 2.0) / 8.0, 1e-12);
  }
}

TEST(GatedPairStdp, IsReversedWhereTheNeuronIsNotTheTrueClasss) {
  GatedPairStdpParams params;
  params.others = 0.25;
  const TraceTaus taus = GatedPairStdpRule::taus(params);
  Synapse<GatedPairStdp> taught{GatedPairStdp(params, 0.1), taus, 1.0, 0.0}, other = taught;
  other.target_kHz = 0.0;
  for (auto* synapse : {&taught, &other}) {
    synapse->arrive(3.0);
    synapse->fire(8.0);
  }
  EXPECT_NEAR(taught.weight, 0.1 * std::exp(-5.0 / 20.0), 1e-12);
  EXPECT_NEAR(other.weight, -0.25 * taught.weight, 1e-12);
}

/// Random events of one synapse in [0, duration), in order; true is an arrival.
std::vector<std::pair<TimeMs, bool>> random_events(std::uint64_t index, TimeMs duration) {
  Rng rng(97, Purpose::tests, index);
  std::vector<std::pair<TimeMs, bool>> events;
  for (TimeMs now = 0.0; (now += -4.0 * std::log(rng.uniform())) < duration;)
    events.emplace_back(now, rng.integer(2) == 0);
  return events;
}

TEST(TeacherIntegral, IsTheIntegralOfTheProductOfTheTraces) {
  constexpr TimeMs kEnd = 60.0, kFrom = 17.0;
  const TeacherIntegralParams params{.trace_tau_ms = 12.0, .target_kHz = 0.4};
  for (std::uint64_t index = 0; index < 10; ++index) {
    Synapse<TeacherIntegral> synapse{TeacherIntegral(params, 0.3), TeacherIntegralRule::taus(params), 0.4,
                                     1.0, kFrom};
    const auto events = random_events(index, kEnd);
    for (const auto& [now, arrives] : events) {
      if (now < kFrom) {
        (arrives ? synapse.pre : synapse.post).spike(now, 12.0);
      } else if (arrives) {
        synapse.arrive(now);
      } else {
        synapse.fire(now);
      }
    }
    synapse.end(kEnd);
    // By the midpoint rule between events, where the integrand is smooth.
    double expected = 1.0;
    SpikeTrace pre, post;
    std::size_t next = 0;
    for (TimeMs begin = 0.0; begin < kEnd;) {
      const TimeMs event = next < events.size() ? events[next].first : kEnd;
      const TimeMs end = begin < kFrom ? std::min(event, kFrom) : event;
      constexpr int kSteps = 4000;
      for (int k = 0; begin >= kFrom && k < kSteps; ++k) {
        const TimeMs now = begin + (k + 0.5) * (end - begin) / kSteps;
        expected += 0.3 * pre.then(now, 12.0) * (0.4 - post.then(now, 12.0)) * (end - begin) / kSteps;
      }
      if (end == event && next < events.size()) {
        (events[next].second ? pre : post).spike(end, 12.0);
        ++next;
      }
      begin = end;
    }
    EXPECT_NEAR(synapse.weight, expected, 1e-6 * std::abs(expected)) << index;
  }
}

TEST(TeacherIntegral, OfTheReleasedFormHasItsErrorFunction) {
  const TeacherIntegralParams params{.trace_tau_ms = 20.0, .target_kHz = 0.5, .integral = IntegralForm::erf};
  Synapse<TeacherIntegral> synapse{TeacherIntegral(params, 2.0), TeacherIntegralRule::taus(params), 0.5, 0.0};
  synapse.fire(1.0);
  synapse.arrive(3.0);
  EXPECT_EQ(synapse.weight, 0.0) << "nothing had arrived before";
  synapse.fire(10.0);
  const double s = 7.0 / 20.0, post = std::exp(-2.0 / 20.0) / 20.0;
  EXPECT_NEAR(synapse.weight,
              2.0 * 20.0 / 20.0 *
                  (0.5 * (1.0 - std::exp(-s)) - post * std::sqrt(std::numbers::pi) / 2.0 * std::erf(s)),
              1e-12);
}

/// Over the list: a new rule is in all of these.

TEST(SpikeRules, HaveUniqueNamesAndValidDefaults) {
  std::set<std::string> names;
  for_each_entry(SpikeRules(), [&]<class Entry>() {
    EXPECT_TRUE(names.insert(std::string(Entry::name)).second) << Entry::name;
    const typename Entry::Params params;
    EXPECT_FALSE(Entry::problem(params, 1e-3).has_value()) << Entry::name;
    EXPECT_GT(Entry::taus(params).post_ms, 0.0);
    for (const auto& field : Entry::Params::fields()) EXPECT_FALSE(field.meaning.empty()) << field.name;
    using Rule = typename Entry::template Rule<double>;
    static_assert(ArrivalRule<Rule, double> || EventRule<Rule>);
  });
}

TEST(SpikeRules, DoNothingWithoutALearningRate) {
  for_each_entry(SpikeRules(), []<class Entry>() {
    const auto rule = Entry::template make<double>(typename Entry::Params(), 0.0);
    using Rule = std::decay_t<decltype(rule)>;
    if constexpr (EventRule<Rule>) {
      Synapse<Rule> synapse{rule, Entry::taus({}), 0.5, 1.25};
      for (const auto& [now, arrives] : random_events(1, 100.0))
        arrives ? synapse.arrive(now) : synapse.fire(now);
      synapse.end(100.0);
      EXPECT_EQ(synapse.weight, 1.25) << Entry::name;
    } else {
      double weight = 1.25;
      rule.on_pre(weight, 0.5, 0.1);
      EXPECT_EQ(weight, 1.25) << Entry::name;
    }
  });
}

TEST(SpikeRules, StayFiniteAndWithinTheBoundsThatTheyPromise) {
  for_each_entry(SpikeRules(), []<class Entry>() {
    using Rule = typename Entry::template Rule<double>;
    if constexpr (EventRule<Rule>) {
      const typename Entry::Params params;
      for (const double target : {0.0, 0.5}) {
        Synapse<Rule> synapse{Entry::template make<double>(params, 5.0), Entry::taus(params), target, 1.0};
        for (const auto& [now, arrives] : random_events(2, 3000.0)) {
          arrives ? synapse.arrive(now) : synapse.fire(now);
          ASSERT_TRUE(std::isfinite(synapse.weight)) << Entry::name;
          if constexpr (requires { params.weight_max_mV; }) {
            ASSERT_LE(synapse.weight, params.weight_max_mV) << Entry::name;
            ASSERT_GE(synapse.weight, params.weight_min_mV) << Entry::name;
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace shallows
