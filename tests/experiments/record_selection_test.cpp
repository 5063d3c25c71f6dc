#include "experiments/run/evaluation/record_selection.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace shallows {
namespace {

const std::vector<PopulationInfo> kPopulations = {{"input", 64}, {"hidden", 60}, {"readout", 3}};

std::vector<std::uint64_t> selected(const RecordSelection& selection, Phase phase, std::uint64_t trials) {
  std::vector<std::uint64_t> result;
  for (std::uint64_t k = 0; k < trials; ++k) {
    if (selection.selects(phase, k)) result.push_back(k);
  }
  return result;
}

TEST(RecordSelection, KeepsTheOrderOfTheNetwork) {
  const RecordSelection selection({.populations = {"readout", "input"}}, kPopulations);
  EXPECT_EQ(selection.populations(), (std::vector<PopulationInfo>{{"input", 64}, {"readout", 3}}));
  const Activity activity{.trains = std::vector<SpikeTrain>(kPopulations.size())};
  EXPECT_EQ(selection.trains(activity),
            (std::vector<const SpikeTrain*>{&activity.input(), &activity.readout()}));
}

TEST(RecordSelection, HasNothingOfANetworkWithoutPopulations) {
  const RecordSelection selection({.populations = {"readout", "input"}}, {});
  EXPECT_TRUE(selection.populations().empty());
  EXPECT_TRUE(selection.trains(Activity{}).empty());
}

TEST(RecordSelection, SelectsEveryStepFromFirstToBeforeLast) {
  const RecordSelection selection({.phase = RecordPhase::both, .first = 2, .last = 11, .step = 3},
                                  kPopulations);
  for (const Phase phase : {Phase::train, Phase::test, Phase::validation}) {
    EXPECT_EQ(selected(selection, phase, 20), (std::vector<std::uint64_t>{2, 5, 8}));
  }
}

TEST(RecordSelection, HasNoEndOnRequest) {
  const RecordSelection selection({.first = 7, .last = kAllTrials, .step = 1}, kPopulations);
  EXPECT_FALSE(selection.selects(Phase::test, 6));
  EXPECT_TRUE(selection.selects(Phase::test, std::uint64_t{1} << 40U));
}

TEST(RecordSelection, TellsTrainingFromTestingAndCountsValidationAsTest) {
  const RecordSelection train({.phase = RecordPhase::train}, kPopulations);
  EXPECT_TRUE(train.selects(Phase::train, 0));
  EXPECT_FALSE(train.selects(Phase::test, 0));
  EXPECT_FALSE(train.selects(Phase::validation, 0));
  const RecordSelection test({.phase = RecordPhase::test}, kPopulations);
  EXPECT_FALSE(test.selects(Phase::train, 0));
  EXPECT_TRUE(test.selects(Phase::test, 0));
  EXPECT_TRUE(test.selects(Phase::validation, 0));
}

}  // namespace
}  // namespace shallows
