#include "models/rate/rate_network.hpp"

#include <gtest/gtest.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "tests/models/scenes.hpp"

namespace shallows {
namespace {

ReceptiveFields bank() { return make_gabor_fields({}, {.size = 300, .patch = 5, .scale = 2.1}, kScene, 3); }

RateNetwork network(const ReceptiveFields* fields) {
  return {RateParams{}, fields, kScene.pixels(), kSceneClasses, 7};
}

std::vector<double> as_doubles(const std::vector<NamedArray>& arrays, std::string_view name) {
  const auto& values = array_values<float>(arrays, name);
  return {values.begin(), values.end()};
}

/// What the readout sees, by docs/reference.md: relu(W1 (x - mean) + b1), or x - mean.
std::vector<double> features(const RateNetwork& net, const ReceptiveFields* fields, const Image& image) {
  std::vector<float> pixels(kScene.pixels());
  image.centered(pixels);
  if (fields == nullptr) return {pixels.begin(), pixels.end()};
  std::vector<double> hidden(fields->size());
  fields->apply(pixels, hidden);
  const std::vector<double> biases = as_doubles(net.arrays(), "biases/hidden");
  for (std::size_t i = 0; i < hidden.size(); ++i) hidden[i] = std::max(0.0, hidden[i] + biases[i]);
  return hidden;
}

TEST(RateNetwork, LearnsAndRespondsByTheEquationsOfThePaper) {
  const ReceptiveFields gabors = bank();
  const ImageSet images = random_images(150, 0);
  for (const ReceptiveFields* fields : {&gabors, static_cast<const ReceptiveFields*>(nullptr)}) {
    RateNetwork net = network(fields);
    const auto inputs = static_cast<Eigen::Index>(fields != nullptr ? fields->size() : kScene.pixels());
    using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const std::vector<double> start = as_doubles(net.arrays(), "weights/readout/final");
    RowMajor w = Eigen::Map<const RowMajor>(start.data(), kSceneClasses, inputs);
    const std::vector<double> start_biases = as_doubles(net.arrays(), "biases/readout");
    Eigen::VectorXd b = Eigen::Map<const Eigen::VectorXd>(start_biases.data(), kSceneClasses);
    std::vector<std::uint8_t> predicted(images.size());
    net.learn(presentations(images, 5e-3), predicted);
    std::size_t agreed = 0;
    for (std::size_t n = 0; n < images.size(); ++n) {
      const std::vector<double> h = features(net, fields, images.image(n));
      const auto x = Eigen::Map<const Eigen::VectorXd>(h.data(), inputs);
      const Eigen::VectorXd a = w * x + b;
      Eigen::Index best = 0;
      a.cwiseMax(0.0).maxCoeff(&best);
      agreed += predicted[n] == best ? 1 : 0;
      for (Eigen::Index i = 0; i < a.size(); ++i) {
        if (a[i] <= 0.0) continue;
        const double step = 5e-3 * ((i == images.label(n) ? 1.0 : 0.0) - a[i]);
        w.row(i) += step * x.transpose();
        b[i] += step;
      }
    }
    EXPECT_GE(agreed, images.size() - 1) << "of " << images.size() << "; a near tie may fall either way";
    const std::vector<double> learned = as_doubles(net.arrays(), "weights/readout/final");
    for (std::size_t k = 0; k < learned.size(); ++k) EXPECT_NEAR(learned[k], w.data()[k], 1e-5);
    const Response response = net.respond(images.image(0));
    const std::vector<double> h = features(net, fields, images.image(0));
    const Eigen::VectorXd y = (w * Eigen::Map<const Eigen::VectorXd>(h.data(), inputs) + b).cwiseMax(0.0);
    ASSERT_EQ(response.scores.size(), kSceneClasses);
    EXPECT_EQ(response.kind, ScoreKind::rate);
    for (std::size_t i = 0; i < kSceneClasses; ++i) {
      EXPECT_NEAR(static_cast<double>(response.scores[i]), y[static_cast<Eigen::Index>(i)], 1e-4);
    }
    EXPECT_EQ(response.predicted, first_maximum(response.scores));
  }
}

TEST(RateNetwork, StartsFromTheDistributionsOfThePaper) {
  const ReceptiveFields gabors = bank();
  const auto arrays = network(&gabors).arrays();
  for (const char* name : {"biases/hidden", "biases/readout"}) {
    for (const double bias : as_doubles(arrays, name)) {
      EXPECT_GE(bias, 0.0);
      EXPECT_LE(bias, 0.1);
    }
  }
  const std::vector<double> hidden = as_doubles(arrays, "biases/hidden");
  const Eigen::Map<const Eigen::VectorXd> biases(hidden.data(), static_cast<Eigen::Index>(hidden.size()));
  EXPECT_NEAR(biases.mean(), 0.05, 5 * 0.1 / std::sqrt(12.0 * 300.0));
  const std::vector<double> values = as_doubles(arrays, "weights/readout/final");
  const Eigen::Map<const Eigen::VectorXd> weights(values.data(), static_cast<Eigen::Index>(values.size()));
  const double deviation = 0.1 / std::sqrt(300.0);
  EXPECT_NEAR(weights.mean() / deviation, 0.0, 5 / std::sqrt(3000.0));
  EXPECT_NEAR(weights.norm() / std::sqrt(3000.0) / deviation, 1.0, 5 / std::sqrt(6000.0));
}

TEST(RateNetwork, TakesTheThresholdFromEveryHiddenBias) {
  const ReceptiveFields gabors = bank();
  const RateNetwork usual = network(&gabors);
  RateParams params;
  params.hidden.threshold = 0.25;
  const RateNetwork sparser(params, &gabors, kScene.pixels(), kSceneClasses, 7);
  const std::vector<double> usual_biases = as_doubles(usual.arrays(), "biases/hidden");
  const std::vector<double> biases = as_doubles(sparser.arrays(), "biases/hidden");
  for (std::size_t i = 0; i < biases.size(); ++i) EXPECT_NEAR(biases[i], usual_biases[i] - 0.25, 1e-7);
  // The readouts are alike, so their answers differ by what the hidden layer leaves out.
  const ImageSet images = random_images(1, 0);
  const std::vector<double> w = as_doubles(sparser.arrays(), "weights/readout/final");
  const std::vector<double> b = as_doubles(sparser.arrays(), "biases/readout");
  const std::vector<double> h = features(sparser, &gabors, images.image(0));
  const Response response = sparser.respond(images.image(0));
  for (std::size_t k = 0; k < kSceneClasses; ++k) {
    double sum = b[k];
    for (std::size_t i = 0; i < h.size(); ++i) sum += w[k * h.size() + i] * h[i];
    EXPECT_NEAR(response.scores[k], std::max(0.0, sum), 1e-5);
  }
}

TEST(RateNetwork, LearnsTheClassesApart) {
  const ReceptiveFields gabors = bank();
  RateNetwork net = network(&gabors);
  const ImageSet train = random_images(1000, 1);
  std::vector<std::uint8_t> predicted(train.size());
  net.learn(presentations(train, 5e-3), predicted);
  const ImageSet test = random_images(200, 2);
  std::size_t correct = 0;
  for (std::size_t i = 0; i < test.size(); ++i)
    correct += net.respond(test.image(i)).predicted == test.label(i) ? 1 : 0;
  // One readout unit starts below zero for every image, so by the rule its class (1 in 10) is never learned.
  EXPECT_GE(correct, 180U) << "of 200";
}

TEST(RateNetwork, LearnsTheSameInOneCallAndInSeveralWithARestoreBetween) {
  const ReceptiveFields gabors = bank();
  const ImageSet images = random_images(150, 3);
  const std::vector<Presentation> shown = presentations(images, 5e-3);
  RateNetwork whole = network(&gabors);
  std::vector<std::uint8_t> expected(150);
  whole.learn(shown, expected);

  RateNetwork first = network(&gabors);
  std::vector<std::uint8_t> predicted(150);
  first.learn(std::span(shown).first(65), std::span(predicted).first(65));
  RateNetwork second(RateParams{}, &gabors, kScene.pixels(), kSceneClasses, 8);
  second.restore(first.arrays());
  second.learn(std::span(shown).subspan(65), std::span(predicted).subspan(65));
  EXPECT_EQ(predicted, expected);
  EXPECT_EQ(second.arrays(), whole.arrays());
}

TEST(RateNetwork, RefusesArraysOfAnotherNetworkAndStaysAsItWas) {
  const ReceptiveFields gabors = bank();
  RateNetwork net = network(&gabors);
  const std::vector<NamedArray> before = net.arrays();
  EXPECT_THROW(net.restore(network(nullptr).arrays()), Error);
  std::vector<NamedArray> arrays = RateNetwork(RateParams{}, &gabors, 144, kSceneClasses, 8).arrays();
  arrays.pop_back();
  EXPECT_THROW(net.restore(arrays), Error);
  EXPECT_EQ(net.arrays(), before);
}

TEST(RateNetwork, CountsTheOperationsOfExistingSynapses) {
  const ReceptiveFields gabors = bank();
  EXPECT_EQ(network(&gabors).synaptic_operations(), 300U * 25U + 300U * 10U);
  EXPECT_EQ(network(nullptr).synaptic_operations(), 144U * 10U);
}

TEST(FirstMaximum, TakesTheFirstOfEqualScores) {
  EXPECT_EQ(first_maximum({0.0F, 3.0F, 1.0F, 3.0F}), 1);
  EXPECT_EQ(first_maximum({0.0F, 0.0F}), 0);
  EXPECT_EQ(first_maximum({-2.0F, -1.0F}), 1);
}

}  // namespace
}  // namespace shallows
