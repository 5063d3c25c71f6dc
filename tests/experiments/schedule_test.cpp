#include "experiments/run/training/schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

namespace shallows {
namespace {

constexpr std::size_t kImages = 50;

std::vector<std::size_t> epoch_of(Schedule& schedule, std::uint64_t epoch) {
  std::vector<std::size_t> images;
  for (std::uint64_t k = epoch * kImages; k < (epoch + 1) * kImages; ++k) images.push_back(schedule.image(k));
  return images;
}

TEST(Schedule, ShowsEveryImageOncePerEpochInAnotherOrderEachTime) {
  Schedule schedule({.epochs = 3.0}, kImages, 1);
  EXPECT_EQ(schedule.presentations(), 3 * kImages);
  std::set<std::vector<std::size_t>> orders;
  for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
    const std::vector<std::size_t> order = epoch_of(schedule, epoch);
    EXPECT_EQ(std::set<std::size_t>(order.begin(), order.end()).size(), kImages);
    EXPECT_LT(*std::max_element(order.begin(), order.end()), kImages);
    orders.insert(order);
  }
  EXPECT_EQ(orders.size(), 3U);
}

TEST(Schedule, DependsOnTheNumberOfThePresentationAlone) {
  for (const Sampling sampling : {Sampling::shuffled, Sampling::with_replacement}) {
    const TrainingConfig training{.epochs = 4.0, .sampling = sampling};
    Schedule forward(training, kImages, 7);
    std::vector<std::size_t> images;
    for (std::uint64_t k = 0; k < forward.presentations(); ++k) images.push_back(forward.image(k));
    Schedule backward(training, kImages, 7);
    for (std::uint64_t k = images.size(); k-- > 0;) ASSERT_EQ(backward.image(k), images[k]) << k;
    Schedule in_the_middle(training, kImages, 7);
    EXPECT_EQ(in_the_middle.image(133), images[133]);
  }
}

TEST(Schedule, DependsOnTheSeed) {
  Schedule a({.epochs = 1.0}, kImages, 1);
  Schedule b({.epochs = 1.0}, kImages, 2);
  EXPECT_NE(epoch_of(a, 0), epoch_of(b, 0));
}

TEST(Schedule, DrawsWithReplacementOnRequest) {
  Schedule schedule({.epochs = 100.0, .sampling = Sampling::with_replacement}, kImages, 1);
  std::vector<int> counts(kImages, 0);
  for (std::uint64_t k = 0; k < schedule.presentations(); ++k) ++counts.at(schedule.image(k));
  // Poisson-like with mean 100: six standard deviations each way, and not all alike.
  EXPECT_GT(*std::min_element(counts.begin(), counts.end()), 40);
  EXPECT_LT(*std::max_element(counts.begin(), counts.end()), 160);
  EXPECT_GT(std::set<int>(counts.begin(), counts.end()).size(), 5U);
}

TEST(Schedule, RoundsFractionsOfAnEpochAndShowsAtLeastOneImage) {
  EXPECT_EQ(Schedule({.epochs = 0.5}, kImages, 1).presentations(), 25U);
  EXPECT_EQ(Schedule({.epochs = 1.25}, 10, 1).presentations(), 13U);
  EXPECT_EQ(Schedule({.epochs = 1e-9}, kImages, 1).presentations(), 1U);
  EXPECT_EQ(Schedule({.epochs = 0.0}, kImages, 1).presentations(), 0U) << "the untrained network";
}

TEST(Schedule, LowersTheLearningRateGeometricallyByTheFactorOverTheTraining) {
  const Schedule schedule({.epochs = 4.0, .learning_rate = 0.3, .learning_rate_decay = 16.0}, kImages, 1);
  EXPECT_DOUBLE_EQ(schedule.learning_rate(0), 0.3);
  EXPECT_NEAR(schedule.learning_rate(100), 0.3 / 4.0, 1e-15);
  EXPECT_NEAR(schedule.learning_rate(200), 0.3 / 16.0, 1e-15);
  for (std::uint64_t k = 1; k < 200; ++k) {
    EXPECT_NEAR(schedule.learning_rate(k) / schedule.learning_rate(k - 1), std::pow(16.0, -1.0 / 200), 1e-12);
  }
}

TEST(Schedule, KeepsTheLearningRateWithoutDecay) {
  const Schedule schedule({.epochs = 4.0, .learning_rate = 0.3}, kImages, 1);
  EXPECT_EQ(schedule.learning_rate(0), 0.3);
  EXPECT_EQ(schedule.learning_rate(199), 0.3);
}

}  // namespace
}  // namespace shallows
