#include "experiments/run/evaluation/result.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "experiments/run/progress.hpp"
#include "experiments/run/tally.hpp"
#include "sim/core/error.hpp"

namespace shallows {
namespace {

nlohmann::json sample_result() {
  return {{"name", "a"},
          {"model", "l-rg"},
          {"coding", "spiking"},
          {"dataset", "mnist"},
          {"hidden", 1000},
          {"seed", 3},
          {"epochs", 0.5},
          {"test_accuracy", 90.0},
          {"test_images", 200},
          {"test_correct", 180},
          {"test_lost_classes", nlohmann::json::array()},
          {"test_spikes_per_image", {{"input", 100.0}, {"hidden", 20.5}, {"readout", 3.0}}},
          {"test_synaptic_operations_per_image", 5000.0}};
}

TEST(ComparisonRow, TakesItsFiguresFromTheResult) {
  const ComparisonRow row = to_comparison_row("a.h5", sample_result());
  EXPECT_EQ(row.file, "a.h5");
  EXPECT_EQ(row.hidden, 1000U);
  EXPECT_EQ(row.epochs, 0.5);
  EXPECT_DOUBLE_EQ(row.spikes_per_image, 123.5);
  EXPECT_EQ(row.synaptic_operations_per_image, 5000.0);
  EXPECT_EQ(row.ci95, wilson_interval(180, 200));
  EXPECT_TRUE(std::isnan(row.training_seconds));  // the result does not have it
}

TEST(ComparisonRow, RefusesAResultThatLacksAnAccuracyOrHasAnotherType) {
  for (const char* key : {"name", "coding", "test_accuracy", "test_correct", "seed"}) {
    nlohmann::json result = sample_result();
    result.erase(key);
    EXPECT_THROW(to_comparison_row("a.h5", result), Error) << key;
    result[key] = nlohmann::json::array();
    EXPECT_THROW(to_comparison_row("a.h5", result), Error) << key;
  }
}

TEST(ComparisonRow, RefusesSpikesThatAreNoNumbers) {
  nlohmann::json result = sample_result();
  result["test_spikes_per_image"] = "many";
  EXPECT_THROW(to_comparison_row("a.h5", result), Error);
}

TEST(Tally, GivesFiguresPerImageAndNoneForNoImage) {
  Tally tally;
  EXPECT_EQ(tally.accuracy(), 0.0);
  EXPECT_EQ(tally.per_image(std::uint64_t{5}), 0.0);
  Activity activity;
  activity.synaptic_events = 10;
  tally.add(activity, Tally::Verdict::none);
  EXPECT_TRUE(std::isnan(tally.accuracy()));
  tally.add(activity, Tally::Verdict::correct);
  for (int k = 0; k < 3; ++k) tally.add(activity, Tally::Verdict::wrong);
  EXPECT_DOUBLE_EQ(tally.accuracy(), 25.0);
  EXPECT_DOUBLE_EQ(tally.per_image(tally.synaptic_events), 10.0);
}

TEST(Duration, IsShownInHoursMinutesAndSeconds) {
  EXPECT_EQ(format_duration(0.0), "0 s");
  EXPECT_EQ(format_duration(59.4), "59 s");
  EXPECT_EQ(format_duration(59.6), "1:00");
  EXPECT_EQ(format_duration(245.0), "4:05");
  EXPECT_EQ(format_duration(3599.7), "1:00:00");
  EXPECT_EQ(format_duration(3723.0), "1:02:03");
  EXPECT_EQ(format_duration(360000.0), "100:00:00");
}

}  // namespace
}  // namespace shallows
