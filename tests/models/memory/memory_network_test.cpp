#include "models/memory/memory_network.hpp"

#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <cmath>

#include "sim/core/error.hpp"
#include "tests/models/scenes.hpp"

namespace shallows {
namespace {

ReceptiveFields bank() { return make_gabor_fields({}, {.size = 150, .patch = 5, .scale = 2.1}, kScene, 3); }

std::vector<Image> views(const ImageSet& set) {
  std::vector<Image> images;
  for (std::size_t i = 0; i < set.size(); ++i) images.push_back(set.image(i));
  return images;
}

MemoryNetwork trained(const MemoryParams& params, const ReceptiveFields* fields, const ImageSet& set) {
  MemoryNetwork network(params, fields, set.shape(), kSceneClasses);
  std::vector<std::uint8_t> predicted(set.size());
  network.learn(presentations(set, 0.0), 0, predicted);
  return network;
}

std::vector<float> values(const MemoryNetwork& network, std::size_t m = 0) {
  std::vector<float> all;
  const MemoryRows& rows = network.memories()[m].rows();
  for (std::size_t row = 0; row < rows.size(); ++row)
    all.insert(all.end(), rows.values(row).begin(), rows.values(row).end());
  return all;
}

TEST(MemoryFeatures, ReadPixelsAsTheyAreCenteredOrStandardised) {
  const ImageSet set = random_images(5, 0);
  const auto features = [&](MemoryInput input) {
    return MemoryFeatures({.input = input}, nullptr, kScene).of(views(set));
  };
  const std::size_t n = kScene.pixels();
  const std::vector<float> raw = features(MemoryInput::pixels);
  const std::vector<float> centered = features(MemoryInput::centered);
  const std::vector<float> standard = features(MemoryInput::standardised);
  for (std::size_t i = 0; i < set.size(); ++i) {
    double sum = 0.0, squares = 0.0;
    for (std::size_t j = 0; j < n; ++j) {
      EXPECT_EQ(raw[i * n + j], static_cast<float>(set.image(i).pixels[j]) / 255.0F);
      EXPECT_EQ(centered[i * n + j], raw[i * n + j] - set.mean()[j]);
      sum += static_cast<double>(standard[i * n + j]);
      squares += static_cast<double>(standard[i * n + j]) * static_cast<double>(standard[i * n + j]);
    }
    EXPECT_NEAR(sum / static_cast<double>(n), 0.0, 1e-6);
    EXPECT_NEAR(squares / static_cast<double>(n), 1.0, 1e-5);
  }
  const ImageSet uniform(kScene, std::vector<std::uint8_t>(n, 77), {0});
  const MemoryFeatures standardised({.input = MemoryInput::standardised}, nullptr, kScene);
  for (const float value : standardised.of(views(uniform))) EXPECT_EQ(value, 0.0F);
}

TEST(MemoryFeatures, AreTheRectifiedResponsesOfTheBankAtTheirLargestOverTheShifts) {
  const ReceptiveFields fields = bank();
  const ImageSet set = random_images(3, 1);
  for (const std::size_t pool : {std::size_t{0}, std::size_t{2}}) {
    const MemoryFeatures features({.cells = {.pool = {.reach = pool}}, .exponent = 0.5}, &fields, kScene);
    EXPECT_EQ(features.operations(), (pool == 0 ? 1U : 9U) * 150U * 25U);
    const std::vector<float> found = features.of(views(set));
    for (std::size_t i = 0; i < set.size(); ++i) {
      for (std::size_t f = 0; f < fields.size(); ++f) {
        double largest = 0.0;
        for (int down = -1; down <= 1; ++down) {
          for (int right = -1; right <= 1; ++right) {
            const auto at = [&](int from, int by) {
              return std::clamp(from + by * static_cast<int>(pool), 0, 12 - 5);
            };
            const int row = at(fields.position(f).row, down), column = at(fields.position(f).column, right);
            double sum = 0.0;
            for (int k = 0; k < 25; ++k) {
              const int pixel = (row + k / 5) * 12 + column + k % 5;
              sum += static_cast<double>(fields.filter(f)[static_cast<std::size_t>(k)]) *
                     set.image(i).pixels[static_cast<std::size_t>(pixel)] / 255.0;
            }
            largest = std::max(largest, sum);
          }
        }
        EXPECT_NEAR(static_cast<double>(found[i * 150 + f]), std::sqrt(largest), 1e-3);
      }
    }
    EXPECT_EQ(features.of(std::vector<Image>{set.image(2)}),
              std::vector<float>(found.begin() + 300, found.begin() + 450));
  }
}

/// What the header says, in double and in the plainest way: feature f of one image.
double plain_feature(const MemoryParams& params, const ReceptiveFields& fields, const Image& image,
                     std::size_t f, double sign) {
  const int side = static_cast<int>(fields.patch()), pool = static_cast<int>(params.cells.pool.reach);
  const int step = std::max(
      1, static_cast<int>(params.cells.pool.step == 0 ? params.cells.pool.reach : params.cells.pool.step));
  double largest = 0.0, sum = 0.0, shifts = 0.0;
  for (int down = -pool; down <= pool; down += step) {
    for (int right = -pool; right <= pool; right += step, shifts += 1.0) {
      const int row = std::clamp(fields.position(f).row + down, 0, 12 - side);
      const int column = std::clamp(fields.position(f).column + right, 0, 12 - side);
      std::vector<double> patch;
      for (int k = 0; k < side * side; ++k)
        patch.push_back(image.pixels[static_cast<std::size_t>((row + k / side) * 12 + column + k % side)] /
                        255.0);
      double response = 0.0;
      for (std::size_t k = 0; k < patch.size(); ++k)
        response += static_cast<double>(fields.filter(f)[k]) * patch[k];
      const double above = std::max(0.0, sign * response);
      largest = std::max(largest, above);
      sum += above;
    }
  }
  return std::pow(params.cells.pooling == Pooling::mean ? sum / shifts : largest, params.exponent);
}

TEST(MemoryFeatures, PoolAndRectifyAsTheirDefinitionSays) {
  const ReceptiveFields fields = bank();
  const ImageSet set = random_images(3, 1);
  const std::vector<MemoryParams> cases = {
      {.cells = {{.reach = 2, .step = 1}, Pooling::mean}, .exponent = 0.5},
      {.cells = {{.reach = 3}, Pooling::mean}, .signs = Signs::both},
      {.cells = {{.reach = 4, .step = 2}}, .signs = Signs::both},
  };
  for (const MemoryParams& params : cases) {
    const MemoryFeatures features(params, &fields, kScene);
    const bool both = params.signs == Signs::both;
    ASSERT_EQ(features.dimension(), both ? 300U : 150U);
    const std::vector<float> found = features.of(views(set));
    double largest = 0.0;
    for (std::size_t i = 0; i < set.size(); ++i) {
      for (std::size_t f = 0; f < features.dimension(); ++f) {
        const double plain = plain_feature(params, fields, set.image(i), f % 150, f < 150 ? 1.0 : -1.0);
        EXPECT_NEAR(static_cast<double>(found[i * features.dimension() + f]), plain, 2e-3);
        largest = std::max(largest, plain);
      }
    }
    EXPECT_GT(largest, 0.2);
  }
}

TEST(MemoryNetwork, LearnsTheClassesApartFromPixelsAndFromFields) {
  const ReceptiveFields gabors = bank();
  const ImageSet train = random_images(600, 2);
  const ImageSet test = random_images(200, 3);
  for (const ReceptiveFields* fields : {static_cast<const ReceptiveFields*>(nullptr), &gabors}) {
    const MemoryNetwork network = trained({.max_neurons = 50}, fields, train);
    EXPECT_EQ(network.fields(), fields != nullptr ? 150U : 0U);
    const std::vector<Response> answers = network.respond(views(test));
    for (std::size_t i = 0; i < test.size(); ++i) EXPECT_EQ(answers[i].predicted, test.label(i));
    EXPECT_EQ(answers[0].kind, ScoreKind::vote);
    EXPECT_EQ(network.hidden(), 50U);
    EXPECT_EQ(network.operations(), fields != nullptr ? 150U * 25U + 50U * 150U : 50U * 144U);
  }
}

TEST(MemoryNetwork, LearnsTheSameInOneCallInSeveralAndWithARestoreBetween) {
  const ImageSet set = random_images(500, 4);
  const MemoryParams params{.max_neurons = 60,
                            .batch = 50,
                            .gate = ThresholdGate::novelty,
                            .threshold = 0.5,
                            .replacement = Replacement::balanced};
  const MemoryNetwork whole = trained(params, nullptr, set);
  const std::vector<Presentation> shown = presentations(set, 0.0);
  std::vector<std::uint8_t> predicted(500);
  MemoryNetwork first(params, nullptr, kScene, kSceneClasses);
  first.learn(std::span(shown).first(250), 3, std::span(predicted).first(250));
  MemoryNetwork second(params, nullptr, kScene, kSceneClasses);
  const MemoryRows& rows = first.memories()[0].rows();
  for (std::size_t row = 0; row < rows.size(); ++row)
    second.restore_row(0, rows.values(row), rows.label(row), rows.counter(row), rows.changed(row));
  second.restore_batches(first.memories()[0].batches());
  second.learn(std::span(shown).subspan(250), 3, std::span(predicted).subspan(250));
  EXPECT_EQ(values(second), values(whole));
  for (std::size_t i = 0; i < 500; ++i) {
    const bool judged = i >= 50 && (i < 250 ? i : i - 250) % 3 == 0;
    EXPECT_EQ(predicted[i] != MemoryNetwork::kNotJudged, judged) << i;
  }
}

TEST(MemoryNetwork, GivesTheSameBitsOnAnyNumberOfThreads) {
  const ReceptiveFields fields = bank();
  const ImageSet set = random_images(800, 5);
  const ImageSet test = random_images(100, 6);
  const auto run = [&](std::size_t threads) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    const MemoryNetwork network =
        trained({.max_neurons = 500, .distance = Distance::cosine, .cells = {{.reach = 1}}}, &fields, set);
    std::vector<float> result = values(network);
    for (const Response& answer : network.respond(views(test)))
      result.insert(result.end(), answer.scores.begin(), answer.scores.end());
    return result;
  };
  const std::vector<float> one = run(1);
  EXPECT_EQ(run(4), one);
  EXPECT_EQ(run(3), one);
}

/// Two classes whose difference is in the first channel only, or in all of them.
ImageSet coloured(std::vector<std::uint8_t> first, std::vector<std::uint8_t> second,
                  std::vector<std::uint8_t> third, std::vector<std::uint8_t> labels) {
  std::vector<std::uint8_t> pixels;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    for (const auto* channel : {&first, &second, &third}) {
      for (int k = 0; k < 4; ++k) pixels.push_back((*channel)[i]);
    }
  }
  return {{.height = 2, .width = 2, .channels = 3}, std::move(pixels), std::move(labels)};
}

TEST(MemoryNetwork, LetsTheChannelsVote) {
  const ImageSet train = coloured({0, 100, 200}, {0, 100, 200}, {0, 100, 200}, {0, 1, 2});
  MemoryNetwork network({.max_neurons = 3, .channels = Channels::vote}, nullptr, train.shape(), 3);
  std::vector<std::uint8_t> predicted(3);
  network.learn(presentations(train, 0.0), 0, predicted);
  ASSERT_EQ(network.memories().size(), 3U);
  EXPECT_EQ(network.memories()[0].rows().dimension(), 4U);
  // Jointly the first is nearest to class 1: the third channel is far from 0. The second: all disagree, and
  // the second channel is nearest to its row.
  const ImageSet test = coloured({30, 0 + 20}, {30, 100 - 5}, {230, 200 + 30}, {0, 1});
  const std::vector<Response> answers = network.respond(views(test));
  EXPECT_EQ(answers[0].predicted, 0);
  EXPECT_EQ(answers[0].scores, (std::vector<float>{2, 0, 1}));
  EXPECT_EQ(answers[1].predicted, 1);
  EXPECT_EQ(answers[1].scores, (std::vector<float>{1, 1, 1}));
  EXPECT_EQ(trained({.max_neurons = 10}, nullptr, train).respond(views(test))[0].predicted, 1);
}

TEST(MemoryNetwork, DoesNotAnswerWhileAChannelIsEmpty) {
  const ImageSet images = coloured({0, 200}, {0, 200}, {0, 200}, {0, 1});
  MemoryNetwork network({.max_neurons = 3, .channels = Channels::vote}, nullptr, images.shape(), 2);
  const std::vector<float> row(4, 0.0F);
  for (const std::size_t channel : {0U, 2U}) network.restore_row(channel, row, 0, 1, 0);
  EXPECT_THROW(network.respond(views(images)), Error);
  network.restore_row(1, row, 0, 1, 0);
  EXPECT_EQ(network.respond(views(images)).size(), 2U);
}

TEST(MemoryNetwork, RefusesWhatCannotWork) {
  const ReceptiveFields fields = bank();
  EXPECT_THROW(MemoryNetwork({.max_neurons = 9}, nullptr, kScene, kSceneClasses), Error);
  EXPECT_THROW(MemoryNetwork({.channels = Channels::vote}, &fields, kScene, kSceneClasses), Error);
  MemoryNetwork network({.max_neurons = 10}, nullptr, kScene, kSceneClasses);
  const ImageSet set = random_images(1, 7);
  EXPECT_THROW(network.respond(views(set)), Error);
  std::vector<float> row(kScene.pixels(), 0.5F);
  EXPECT_THROW(network.restore_row(0, row, 10, 1, 0), Error);
  EXPECT_THROW(network.restore_row(0, row, 0, 0, 0), Error);
  EXPECT_THROW(network.restore_row(0, std::span(row).first(100), 0, 1, 0), Error);
  row[3] = std::nanf("");
  EXPECT_THROW(network.restore_row(0, row, 0, 1, 0), Error);
  row[3] = 0.0F;
  for (std::uint32_t k = 0; k < 10; ++k) network.restore_row(0, row, k, 1, 0);
  EXPECT_THROW(network.restore_row(0, row, 0, 1, 0), Error);
  EXPECT_EQ(network.memories()[0].rows().size(), 10U);
}

}  // namespace
}  // namespace shallows
