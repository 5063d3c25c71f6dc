#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "encoders/fixed_fields.hpp"
#include "models/rate/rate_network.hpp"
#include "tests/models/plain_network.hpp"
#include "tests/models/scenes.hpp"
#include "tests/sim/instruction_sets.hpp"

namespace shallows {
namespace {

constexpr std::size_t kHidden = 150;  // two blocks

RateParams params_of(HiddenRuleChoice rule, ReadoutLossChoice loss = {}) {
  RateParams params;
  params.hidden.rule = rule;
  params.loss = loss;
  return params;
}

ReceptiveFields random_bank(std::size_t patch, ImageShape shape = kScene) {
  return make_random_fields({}, {.size = kHidden, .patch = patch, .scale = 0.5}, shape, 3);
}

RateNetwork network(const RateParams& params, const ReceptiveFields& bank) {
  return {params, &bank, bank.shape().pixels(), kSceneClasses, 7};
}

std::vector<float> centered(const Image& image) {
  std::vector<float> pixels(image.pixels.size());
  image.centered(pixels);
  return pixels;
}

LearningReport learn(RateNetwork& net, const ImageSet& images, double learning_rate) {
  std::vector<std::uint8_t> predicted(images.size());
  return net.learn(presentations(images, learning_rate), predicted);
}

/// The loss's slope along one number, in double precision.
double slope(PlainNetwork& net, double& value, const std::vector<float>& x, std::size_t label) {
  constexpr double kStep = 1e-6;
  const double before = value;
  value = before + kStep;
  const double above = net.loss(x, label);
  value = before - kStep;
  const double below = net.loss(x, label);
  value = before;
  return (above - below) / (2.0 * kStep);
}

TEST(Backprop, FollowsTheGradientThatFiniteDifferencesGive) {
  for (const ReadoutLossChoice loss : {ReadoutLossChoice{}, ReadoutLossChoice{CrossEntropy::Params{}}}) {
    const RateParams params = params_of(Backprop::Params{}, loss);
    const ReceptiveFields bank = random_bank(5);
    const ImageSet images = random_images(4, 0);
    for (std::size_t n = 0; n < images.size(); ++n) {
      RateNetwork net = network(params, bank);
      PlainNetwork before = PlainNetwork::of(net, params, bank);
      const std::vector<float> x = centered(images.image(n));
      const std::size_t label = images.label(n);
      std::vector<std::uint8_t> predicted(1);
      const Presentation shown{images.image(n), images.label(n), 1.0};  // so the change is minus the slope
      net.learn(std::span(&shown, 1), predicted);
      const PlainNetwork after = PlainNetwork::of(net, params, bank);
      double largest = 0.0;
      const auto compare = [&](std::vector<double>& values, const std::vector<double>& changed,
                               const std::string& name) {
        for (std::size_t k = 0; k < values.size(); ++k) {
          const double expected = -slope(before, values[k], x, label);
          EXPECT_NEAR(changed[k] - values[k], expected, 1e-6 + 1e-4 * std::abs(expected)) << name << " " << k;
          largest = std::max(largest, std::abs(expected));
        }
        EXPECT_GT(largest, 1e-3) << name << ": a check of zeros";
      };
      compare(before.filters, after.filters, "filter");
      compare(before.hidden_biases, after.hidden_biases, "hidden bias");
      compare(before.weights, after.weights, "weight");
      compare(before.biases, after.biases, "bias");
    }
  }
}

TEST(HiddenLearning, OfABatchIsThatOfOneImageAfterTheOther) {
  const ImageSet images = random_images(RateNetwork::kBatch * 2 + 13, 1);
  for (const HiddenRuleChoice& rule :
       {HiddenRuleChoice(Backprop::Params{}), HiddenRuleChoice(FeedbackAlignment::Params{})}) {
    for (const std::size_t patch : {std::size_t{1}, std::size_t{5}, std::size_t{12}}) {
      RateParams params = params_of(rule);
      std::visit(
          [](auto& of_rule) {
            if constexpr (requires { of_rule.learning_rate_factor; }) of_rule.learning_rate_factor = 2.0;
          },
          params.hidden.rule);
      const ReceptiveFields bank = random_bank(patch);
      RateNetwork net = network(params, bank);
      PlainNetwork plain = PlainNetwork::of(net, params, bank);
      const PlainNetwork start = plain;
      learn(net, images, 2e-2);
      for (std::size_t n = 0; n < images.size(); ++n)
        plain.learn(centered(images.image(n)), images.label(n), 2e-2);
      const PlainNetwork learned = PlainNetwork::of(net, params, bank);
      const auto expect_near = [&](const std::vector<double>& values, const std::vector<double>& expected,
                                   const std::vector<double>& initial, const std::string& name) {
        double moved = 0.0;
        for (std::size_t k = 0; k < values.size(); ++k) {
          ASSERT_NEAR(values[k], expected[k], 2e-5) << name << " " << k << ", patch " << patch;
          moved = std::max(moved, std::abs(expected[k] - initial[k]));
        }
        EXPECT_GT(moved, 1e-3) << name << ": a check of what did not learn";
      };
      expect_near(learned.filters, plain.filters, start.filters, "filter");
      expect_near(learned.hidden_biases, plain.hidden_biases, start.hidden_biases, "hidden bias");
      expect_near(learned.weights, plain.weights, start.weights, "weight");
      EXPECT_EQ(learned.feedback, start.feedback) << "fixed, whatever is learned";
    }
  }
}

TEST(HiddenLearning, LeavesWeightsOutsideOfThePatchesAtZero) {
  const ImageSet images = random_images(100, 2);
  const RateParams params = params_of(Backprop::Params{});
  const ReceptiveFields bank = random_bank(4);
  RateNetwork net = network(params, bank);
  learn(net, images, 2e-2);
  // A network that has nothing but the learned filters must respond to the last bit as the one that learned.
  const ReceptiveFields learned(kScene, 4, {bank.positions().begin(), bank.positions().end()},
                                *net.learned_weights(1));
  RateNetwork fixed(params, &learned, kScene.pixels(), kSceneClasses, 8);
  fixed.restore(net.arrays());
  for (std::size_t n = 0; n < images.size(); ++n)
    ASSERT_EQ(net.respond(images.image(n)).scores, fixed.respond(images.image(n)).scores);
}

TEST(HiddenLearning, HandlesColourAndShapesThatFillNoVector) {
  const ImageShape shape{.height = 7, .width = 19, .channels = 3};
  const RateParams params = params_of(Backprop::Params{});
  const ReceptiveFields bank = random_bank(3, shape);
  RateNetwork net = network(params, bank);
  PlainNetwork plain = PlainNetwork::of(net, params, bank);
  Rng rng(83, Purpose::tests, 0);
  std::vector<std::uint8_t> pixels, labels;
  for (std::size_t n = 0; n < 60; ++n) {
    labels.push_back(static_cast<std::uint8_t>(rng.integer(kSceneClasses)));
    for (std::size_t k = 0; k < shape.pixels(); ++k)
      pixels.push_back(static_cast<std::uint8_t>(rng.integer(256)));
  }
  const ImageSet images(shape, pixels, labels);
  learn(net, images, 1e-2);
  for (std::size_t n = 0; n < images.size(); ++n)
    plain.learn(centered(images.image(n)), images.label(n), 1e-2);
  const std::vector<float> filters = *net.learned_weights(1);
  for (std::size_t k = 0; k < filters.size(); ++k) ASSERT_NEAR(filters[k], plain.filters[k], 2e-5) << k;
}

TEST(HiddenLearning, GivesTheSameBitsOnEveryInstructionSet) {
  const ImageSet images = random_images(60, 3);
  std::vector<std::vector<NamedArray>> outcomes;
  std::vector<std::vector<float>> filters;
  for (const auto& [name, targets] : lesser_machines()) {
    const PretendMachine machine(targets);
    const ReceptiveFields bank = random_bank(5);
    RateNetwork net = network(params_of(FeedbackAlignment::Params{}, CrossEntropy::Params{}), bank);
    learn(net, images, 2e-2);
    outcomes.push_back(net.arrays());
    filters.push_back(*net.learned_weights(1));
    EXPECT_TRUE(outcomes.back() == outcomes.front()) << name;
    EXPECT_TRUE(filters.back() == filters.front()) << name;
  }
}

TEST(FeedbackAlignment, TurnsTheForwardWeightsTowardsTheFeedback) {
  const ReceptiveFields bank = random_bank(5);
  RateParams params = params_of(FeedbackAlignment::Params{});
  std::get<FeedbackAlignment::Params>(params.hidden.rule).feedback_scale =
      1.0;  // the hidden layer must learn as fast as the readout
  params.readout_weight_scale = 0.01;
  RateNetwork net = network(params, bank);
  const auto mean_angle = [&](std::uint64_t index) {
    const LearningReport report = learn(net, random_images(1000, index), 1e-3);
    EXPECT_LE(report.angles, 25U) << "one for each batch that starts with an error";
    return report.angle_sum_deg / static_cast<double>(report.angles);
  };
  const double first = mean_angle(4);
  EXPECT_LT(first, 95.0);  // random directions in 150 dimensions: 90
  double last = 0.0;
  for (std::uint64_t index = 5; index < 15; ++index) last = mean_angle(index);
  EXPECT_LT(last, first - 10.0);
  EXPECT_GT(last, 0.0);
}

TEST(Backprop, HasNoAngleToReport) {
  const ReceptiveFields bank = random_bank(5);
  RateNetwork net = network(params_of(Backprop::Params{}), bank);
  EXPECT_EQ(learn(net, random_images(100, 4), 2e-2).angles, 0U);
}

TEST(RateCosts, CountTheSynapsesAndWhatTheyArePackedIn) {
  const ReceptiveFields bank = random_bank(5);
  const RateCosts fixed = network(params_of(FixedHidden::Params{}), bank).costs(0.5);
  EXPECT_EQ(fixed.product.useful_multiply_adds, 150.0 * 25.0);
  EXPECT_EQ(fixed.readout.useful_multiply_adds, 150.0 * 10.0) << "half the inputs, to answer and to learn";
  EXPECT_EQ(fixed.learning.computed_multiply_adds, 0.0);
  // A block of 128 lanes has a row for each pixel under its patches: at least those of one, at most all.
  EXPECT_GE(fixed.product.computed_multiply_adds, 2.0 * 128.0 * 25.0);
  EXPECT_LE(fixed.product.computed_multiply_adds, 2.0 * 128.0 * 144.0);
  const RateCosts learned = network(params_of(Backprop::Params{}), bank).costs(0.5);
  EXPECT_EQ(learned.product.bytes, fixed.product.bytes);
  EXPECT_EQ(learned.learning.useful_multiply_adds, 0.5 * 150.0 * (10.0 + 25.0));
  EXPECT_GT(learned.total().computed_multiply_adds, fixed.total().computed_multiply_adds);
}

TEST(CrossEntropy, AnswersWithProbabilitiesAndLearnsTheClassesApart) {
  const ReceptiveFields bank = random_bank(5);
  RateNetwork net = network(params_of(FixedHidden::Params{}, CrossEntropy::Params{}), bank);
  learn(net, random_images(1000, 5), 2e-2);
  const ImageSet test = random_images(200, 6);
  std::size_t correct = 0;
  for (std::size_t n = 0; n < test.size(); ++n) {
    const Response response = net.respond(test.image(n));
    double sum = 0.0;
    for (const float score : response.scores) sum += score;
    EXPECT_NEAR(sum, 1.0, 1e-6);
    correct += response.predicted == test.label(n) ? 1 : 0;
  }
  EXPECT_GE(correct, 195U) << "of 200";
}

TEST(RateNetworkReport, TellsADivergence) {
  const ReceptiveFields bank = random_bank(5);
  for (const HiddenRuleChoice& rule : {HiddenRuleChoice(), HiddenRuleChoice(Backprop::Params{})}) {
    RateNetwork net = network(params_of(rule), bank);
    const LearningReport report = learn(net, random_images(300, 7), 3.0);
    EXPECT_TRUE(report.diverged.has_value() || report.silent > 100U);
    RateNetwork calm = network(params_of(rule), bank);
    EXPECT_FALSE(learn(calm, random_images(300, 7), 2e-2).diverged);
  }
}

}  // namespace
}  // namespace shallows
