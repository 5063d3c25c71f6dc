#include "models/memory/spiking_memory.hpp"

#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <cmath>

#include "models/memory/memory_search.hpp"
#include "tests/models/scenes.hpp"

namespace shallows {
namespace {

SpikingMemory memory_of(const ImageSet& set, const SpikingMemoryParams& params) {
  SpikingMemory memory(params, kScene.pixels(), kSceneClasses);
  const std::vector<Presentation> shown = presentations(set, 0.0);
  for (std::size_t first = 0; first < shown.size(); first += params.batch)
    memory.learn(std::span(shown).subspan(first, std::min(params.batch, shown.size() - first)));
  return memory;
}

/// Spikes of each pixel in closed form: drive I above threshold fires every tau ln(I / (I - theta)) ms.
std::vector<float> expected_counts(const Image& image, const SpikingMemoryParams& params) {
  std::vector<float> pixels(image.pixels.size());
  image.centered(pixels);
  std::vector<float> counts;
  for (const float pixel : pixels) {
    const double drive = params.input.gain_mV * static_cast<double>(pixel) + params.input.bias_mV;
    if (drive <= params.threshold_mV) {
      counts.push_back(0.0F);
      continue;
    }
    const double period = params.neuron.tau_ms * std::log(drive / (drive - params.threshold_mV));
    counts.push_back(static_cast<float>(std::ceil(params.duration_ms / period) - 1.0));
  }
  return counts;
}

TEST(SpikingMemory, StoresPresynapticSpikeCountsAndAveragesThemAtTheWinner) {
  const ImageSet set = random_images(300, 0);
  const SpikingMemoryParams params{.max_neurons = 20, .batch = 20};
  SpikingMemory memory(params, kScene.pixels(), kSceneClasses);
  const std::vector<Presentation> shown = presentations(set, 0.0);
  memory.learn(std::span(shown).first(20));
  ASSERT_EQ(memory.rows().size(), 20U);
  for (std::size_t i = 0; i < 20; ++i) {
    const std::vector<float> expected = expected_counts(set.image(i), params);
    for (std::size_t j = 0; j < expected.size(); ++j)
      EXPECT_NEAR(memory.rows().values(i)[j], expected[j], 1.0F);
  }
  std::uint64_t learned = 20, skipped = 0;
  for (std::size_t first = 20; first < 300; first += 20) {
    for (std::size_t i = first; i < first + 20; ++i) {
      (memory.rows().count(set.label(i)) > 0 ? learned : skipped) += 1;
    }
    memory.learn(std::span(shown).subspan(first, 20));
  }
  std::uint64_t counters = 0;
  for (std::size_t row = 0; row < 20; ++row) counters += memory.rows().counter(row);
  EXPECT_EQ(counters, learned) << skipped << " images of classes without a row";
}

TEST(SpikingMemory, AnswersByTheFirstSpikeAsTheCosineDistanceDoes) {
  const ImageSet train = random_images(60, 1);
  const ImageSet test = random_images(150, 2);
  const SpikingMemoryParams params{.max_neurons = 60, .batch = 60};
  const SpikingMemory memory = memory_of(train, params);
  std::size_t same_class = 0;
  for (std::size_t i = 0; i < test.size(); ++i) {
    const SpikingMemory::Answer answer = memory.respond(test.image(i), SpikingWinner::first_spike, 1);
    const std::vector<float> counts = expected_counts(test.image(i), params);
    const Match match = nearest_rows(memory.rows(), Distance::cosine, counts, 1).front();
    same_class += memory.rows().label(match.row) == answer.response.predicted ? 1 : 0;
    EXPECT_GT(answer.row_spikes, 0U);
    EXPECT_GT(answer.first_spike_ms, 0.0);
    EXPECT_LT(answer.first_spike_ms, params.duration_ms);
    EXPECT_EQ(answer.response.scores[answer.response.predicted], 1.0F);
  }
  EXPECT_GE(same_class, 148U) << "of 150";
}

TEST(SpikingMemory, VotesOfTheFirstOrTheMostActiveRows) {
  const ImageSet train = random_images(60, 3);
  const SpikingMemory memory = memory_of(train, {.max_neurons = 60, .batch = 60});
  for (const SpikingWinner winner : {SpikingWinner::first_spike, SpikingWinner::most_spikes}) {
    std::size_t correct = 0;
    for (std::size_t i = 0; i < train.size(); ++i) {
      const Response response = memory.respond(train.image(i), winner, 3).response;
      float votes = 0.0F;
      for (const float score : response.scores) votes += score;
      EXPECT_EQ(votes, 3.0F);
      correct += response.predicted == train.label(i) ? 1 : 0;
    }
    EXPECT_GE(correct, 58U) << "of 60";
  }
}

TEST(SpikingMemory, StaysSilentForAnImageThatNoPixelAnswersTo) {
  const ImageSet train = random_images(30, 4);
  const SpikingMemory memory = memory_of(train, {.max_neurons = 30, .batch = 30});
  ImageSet dark(kScene, std::vector<std::uint8_t>(kScene.pixels(), 0), {0});
  dark.set_mean({train.mean().begin(), train.mean().end()});
  const SpikingMemory::Answer answer = memory.respond(dark.image(0), SpikingWinner::first_spike, 1);
  EXPECT_EQ(answer.input_spikes, 0U);
  EXPECT_EQ(answer.row_spikes, 0U);
  EXPECT_EQ(answer.response.scores, std::vector<float>(kSceneClasses, 0.0F));
}

TEST(SpikingMemory, GivesTheSameBitsOnAnyNumberOfThreads) {
  const ImageSet train = random_images(200, 5);
  const auto values = [&](std::size_t threads) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    const SpikingMemory memory = memory_of(train, {.max_neurons = 40, .batch = 50});
    std::vector<float> all;
    for (std::size_t row = 0; row < memory.rows().size(); ++row)
      all.insert(all.end(), memory.rows().values(row).begin(), memory.rows().values(row).end());
    return all;
  };
  EXPECT_EQ(values(4), values(1));
}

}  // namespace
}  // namespace shallows
