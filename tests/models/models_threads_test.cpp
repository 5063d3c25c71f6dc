// The networks give the same bits on 1, 2 and 4 threads.
#include <gtest/gtest.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "models/rate/rate_network.hpp"
#include "models/spiking/spiking_network.hpp"
#include "tests/models/scenes.hpp"

namespace shallows {
namespace {

constexpr std::size_t kHidden = 700;  // several blocks

struct Outcome {
  std::vector<NamedArray> arrays;
  std::vector<Activity> activities;
};

void expect_same(const std::function<Outcome()>& work) {
  std::vector<Outcome> outcomes;
  for (const std::size_t threads : {1U, 2U, 4U}) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    outcomes.push_back(work());
  }
  for (std::size_t t = 1; t < outcomes.size(); ++t) {
    ASSERT_EQ(outcomes[t].arrays.size(), outcomes[0].arrays.size());
    for (std::size_t i = 0; i < outcomes[0].arrays.size(); ++i)
      EXPECT_TRUE(outcomes[t].arrays[i] == outcomes[0].arrays[i]) << outcomes[0].arrays[i].name;
    for (std::size_t i = 0; i < outcomes[0].activities.size(); ++i)
      EXPECT_TRUE(outcomes[t].activities[i] == outcomes[0].activities[i]) << "image " << i;
  }
}

TEST(SpikingNetworkThreads, LearnTheSameWhateverTheirNumber) {
  const ImageSet images = random_images(20, 0);
  for (SpikingParams params : params_of_all_engines()) {
    for (const bool carry_over : {true, false}) {
      params.protocol.carry_over = carry_over;
      expect_same([&] {
        SpikingNetwork network =
            scene_network(params, params.engine == EngineKind::reference ? 100 : kHidden);
        std::vector<Activity> activities = learn_all(network, presentations(images, 2e-3));
        return Outcome{network.arrays(), std::move(activities)};
      });
    }
  }
}

TEST(SpikingNetworkThreads, RespondTheSameWhateverTheirNumber) {
  const ImageSet images = random_images(20, 1);
  for (const SpikingParams& params : params_of_all_engines()) {
    const SpikingNetwork network =
        scene_network(params, params.engine == EngineKind::reference ? 100 : kHidden);
    expect_same([&] {
      std::vector<Activity> activities(images.size());
      tbb::parallel_for(std::size_t{0}, images.size(),
                        [&](std::size_t i) { network.respond(images.image(i), activities[i]); });
      return Outcome{{}, std::move(activities)};
    });
  }
}

/// Random filters, and populations of ten neurons that all inhibit each other.
ReceptiveFields random_bank() {
  const ReceptiveFields drawn =
      make_random_fields({}, {.size = kHidden, .patch = 5, .scale = 0.1}, kScene, 3);
  LateralInhibition inhibition{
      .population = 10, .weights = {}, .thresholds = std::vector<float>(kHidden, 0.01F)};
  for (std::size_t i = 0; i < kHidden; ++i) {
    for (std::size_t j = 0; j < 10; ++j) inhibition.weights.push_back(i % 10 == j ? 0.0F : 0.2F);
  }
  return {drawn.shape(),
          drawn.patch(),
          {drawn.positions().begin(), drawn.positions().end()},
          {drawn.filters().begin(), drawn.filters().end()},
          std::move(inhibition)};
}

TEST(RateNetworkThreads, LearnAndRespondTheSameWhateverTheirNumber) {
  const ImageSet images = random_images(200, 2);
  const ReceptiveFields bank = random_bank();
  std::vector<RateParams> cases(4);
  cases[1].hidden.rule = FeedbackAlignment::Params{};
  cases[2].inhibition = HiddenInhibition::fixed_point;
  cases[3].inhibition = HiddenInhibition::fifty_steps;
  for (const RateParams& params : cases) {
    expect_same([&] {
      RateNetwork network(params, &bank, kScene.pixels(), kSceneClasses, 3);
      std::vector<std::uint8_t> predicted(images.size());
      network.learn(presentations(images, 5e-3), predicted);
      Outcome outcome{network.arrays(), {}};
      if (network.bank_learns()) outcome.arrays.push_back({"filters", {}, *network.learned_weights(1)});
      std::vector<Response> responses(images.size());
      tbb::parallel_for(std::size_t{0}, images.size(),
                        [&](std::size_t i) { responses[i] = network.respond(images.image(i)); });
      for (const Response& response : responses)
        outcome.arrays.push_back({"response", {kSceneClasses}, response.scores});
      return outcome;
    });
  }
}

}  // namespace
}  // namespace shallows
