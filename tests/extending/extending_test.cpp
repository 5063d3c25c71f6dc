// That the toys are in the lists which the other tests of this program run through.
#include <gtest/gtest.h>

#include <algorithm>

#include "models/banks/banks.hpp"
#include "plasticity/spikes/spike_rules.hpp"

namespace shallows {
namespace {

TEST(Lists, HaveTheToys) {
  const auto has = [](auto list, const char* name) { return std::ranges::count(names_in(list), name) == 1; };
  EXPECT_TRUE(has(SpikeRules(), "homeostasis"));
  EXPECT_TRUE(has(Banks(), "checkers"));
}

TEST(Homeostasis, TakesTheSameFromAWeightAtEverySpike) {
  const Homeostasis rule({.loss_mV = 0.5}, 0.1);
  const SpikeTrace none;
  const SynapseEvent event{none, none, 0.0, 3.0, 0.0};
  EXPECT_EQ(rule.on_pre(2.0, event), 2.0);
  EXPECT_NEAR(rule.on_post(2.0, event), 1.95, 1e-12);
}

}  // namespace
}  // namespace shallows
