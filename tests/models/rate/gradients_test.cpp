// What backpropagation makes of stacks of layers is the gradient that finite differences give: for every
// activation, every loss, and one to three hidden layers.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "models/rate/layers/plastic_stack.hpp"
#include "tests/models/rate/lessons.hpp"
#include "tests/models/scenes.hpp"

namespace shallows {
namespace {

constexpr std::size_t kInputs = 6, kClasses = 4, kShown = 3;
constexpr std::uint8_t kLabels[kShown] = {2, 0, 2};

double activated(std::string_view activation, double a) {
  if (activation == "relu") return std::max(0.0, a);
  if (activation == "relu-squared") return std::max(0.0, a) * std::max(0.0, a);
  if (activation == "linear") return a;
  if (activation == "tanh") return std::tanh(a);
  if (activation == "logistic") return 1.0 / (1.0 + std::exp(-a));
  throw std::logic_error("no plain form of this activation");
}

double loss_by(std::string_view loss, const std::vector<double>& a, std::size_t label) {
  double sum = 0.0;
  for (std::size_t c = 0; c < a.size(); ++c) {
    const double target = c == label ? 1.0 : 0.0;
    const double p = 1.0 / (1.0 + std::exp(-a[c]));
    if (loss == "squared-error")
      sum += 0.5 * (target - std::max(0.0, a[c])) * (target - std::max(0.0, a[c]));
    else if (loss == "cross-entropy")
      sum += std::exp(a[c]);
    else if (loss == "logistic-cross-entropy")
      sum -= c == label ? std::log(p) : std::log(1.0 - p);
    else
      throw std::logic_error("no plain form of this loss");
  }
  return loss == "cross-entropy" ? std::log(sum) - a[label] : sum;
}

/// The same layers as plain numbers in double precision; the readout is the last one.
struct PlainStack {
  struct Layer {
    Synapses synapses;
    std::vector<double> weights, biases;
  };
  std::vector<Layer> layers;
  std::string activation, loss;

  static std::vector<double> drives(const Layer& layer, const std::vector<double>& x) {
    std::vector<double> a = layer.biases;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const auto sources = layer.synapses.sources_of(i);
      for (std::size_t s = 0; s < sources.size(); ++s)
        a[i] += layer.weights[layer.synapses.offsets[i] + s] * x[sources[s]];
    }
    return a;
  }

  /// Of one image. `kink` becomes the least distance of an activation to 0, if it is less.
  double loss_of(std::vector<double> x, std::size_t label, double& kink) const {
    for (const Layer& layer : layers) {
      std::vector<double> a = drives(layer, x);
      const bool last = &layer == &layers.back();
      for (double& value : a) {
        if (last ? loss == "squared-error" : activation == "relu") kink = std::min(kink, std::abs(value));
        if (!last) value = activated(activation, value);
      }
      x = std::move(a);
    }
    return loss_by(loss, x, label);
  }

  /// Mean over the batch x [input, image].
  double mean_loss(const RateMatrix<float>& x, double& kink) const {
    double sum = 0.0;
    for (std::size_t k = 0; k < kShown; ++k) {
      std::vector<double> image;
      for (std::size_t j = 0; j < kInputs; ++j) image.push_back(double{x(index(j), index(k))});
      sum += loss_of(image, kLabels[k], kink);
    }
    return sum / double{kShown};
  }
  double mean_loss(const RateMatrix<float>& x) const {
    double kink = 1.0;
    return mean_loss(x, kink);
  }
};

/// A network of small layers, of which the second one is local.
struct SmallStack {
  RateParams params;
  std::vector<StackedLayer> layers;
  std::vector<float> readout, readout_biases;

  SmallStack(std::size_t depth, const ActivationChoice& activation, const ReadoutLossChoice& loss,
             std::uint64_t stream) {
    Rng rng(84, Purpose::tests, stream);
    const auto draw = [&](std::size_t count, double deviation) {
      std::vector<float> values;
      for (std::size_t i = 0; i < count; ++i) values.push_back(static_cast<float>(deviation * rng.normal()));
      return values;
    };
    params.loss = loss;
    std::size_t below = kInputs;
    for (std::size_t l = 0; l < depth; ++l) {
      const std::size_t size = 7 - l;
      Synapses synapses;
      synapses.source_count = below;
      for (std::size_t i = 0; i < size; ++i) {
        for (std::size_t j = 0; j < below; ++j) {
          if (l == 1 && j % 2 != i / 3 % 2) continue;
          synapses.sources.push_back(static_cast<NeuronId>(j));
        }
        synapses.offsets.push_back(static_cast<std::uint32_t>(synapses.sources.size()));
      }
      synapses.weights_mV = draw(synapses.sources.size(), 0.7);
      RateLayerParams layer;
      layer.activation = activation;
      layer.rule = Backprop::Params{};
      layers.push_back({l + 1, layer, std::move(synapses), draw(size, 0.5)});
      below = size;
    }
    readout = draw(kClasses * below, 0.7);
    readout_biases = draw(kClasses, 0.5);
    for (float& bias : readout_biases) bias += 1.0F;  // rectified units that are silent teach nothing
  }

  PlasticStack stack() const { return {params, layers, readout, readout_biases, 7}; }

  PlainStack plain(const PlasticStack& now) const {
    const auto doubles = [](const std::vector<float>& v) { return std::vector<double>(v.begin(), v.end()); };
    const std::vector<NamedArray> arrays = now.arrays();
    PlainStack plain;
    for (std::size_t l = 0; l < layers.size(); ++l)
      plain.layers.push_back({layers[l].synapses, doubles(now.weights(l)),
                              doubles(array_values<float>(arrays, "biases/" + layer_name(l + 1)))});
    Synapses dense;
    dense.source_count = layers.back().biases.size();
    for (std::size_t c = 0; c < kClasses; ++c) {
      for (NeuronId j = 0; j < dense.source_count; ++j) dense.sources.push_back(j);
      dense.offsets.push_back(static_cast<std::uint32_t>(dense.sources.size()));
    }
    plain.layers.push_back({std::move(dense), doubles(array_values<float>(arrays, "weights/readout/final")),
                            doubles(array_values<float>(arrays, "biases/readout"))});
    plain.activation = name_in(Activations(), layers.front().params.activation);
    plain.loss = name_in(ReadoutLosses(), params.loss);
    return plain;
  }
};

/// One update of a batch at the rate 1: the weights then move by minus the gradient.
LearningReport teach_batch(PlasticStack& stack, const RateMatrix<float>& x) {
  std::vector<Presentation> shown;
  for (const std::uint8_t label : kLabels) shown.push_back({{}, label, 1.0});
  std::vector<std::uint8_t> predicted(kShown);
  LearningReport report;
  stack.learn(shown, x, predicted, Measure::nothing, report);
  return report;
}

/// The largest slope of this list of weights, after all of them were compared.
double compare_with_slopes(PlainStack& plain, std::vector<double>& values, const std::vector<double>& after,
                           const RateMatrix<float>& x) {
  constexpr double kStep = 1e-5;
  double largest = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = values[i];
    values[i] = value + kStep;
    const double above = plain.mean_loss(x);
    values[i] = value - kStep;
    const double slope = (above - plain.mean_loss(x)) / (2.0 * kStep);
    values[i] = value;
    // Products and sums of some ten numbers of about 1 in single precision.
    EXPECT_NEAR(after[i] - value, -slope, 2e-6 + 2e-6 * std::abs(slope)) << i;
    largest = std::max(largest, std::abs(slope));
  }
  return largest;
}

TEST(Gradients, AreThoseOfFiniteDifferencesForEveryActivationLossAndDepth) {
  for_each_entry(Activations(), [&]<class Activation>() {
    for_each_entry(ReadoutLosses(), [&]<class Loss>() {
      for (std::size_t depth = 1; depth <= 3; ++depth) {
        SCOPED_TRACE(std::string(Activation::name) + ", " + std::string(Loss::name) + ", " +
                     std::to_string(depth) + " layers");
        // The first network of a fixed row without an activation near a kink, where there is no slope, and without a
        // probability so near 1 that single precision has no digits for its complement.
        for (std::uint64_t stream = 0;; ++stream) {
          ASSERT_LT(stream, 50U);
          const SmallStack small(depth, typename Activation::Params{}, typename Loss::Params{}, stream);
          const RateMatrix<float> x = normal_numbers(kInputs, kShown, 950 + stream);
          PlasticStack stack = small.stack();
          PlainStack plain = small.plain(stack);
          double kink = 1.0;
          const double loss = plain.mean_loss(x, kink);
          if (kink < 0.01 || loss > 5.0) continue;
          const LearningReport report = teach_batch(stack, x);
          // Of probabilities in single precision: the complement of one near 1 has few digits.
          EXPECT_NEAR(static_cast<double>(report.loss_units) / (kLossUnit * double{kShown}), loss, 1e-4);
          PlainStack after = small.plain(stack);
          for (std::size_t l = 0; l <= depth; ++l) {
            SCOPED_TRACE("layer " + std::to_string(l));
            PlainStack::Layer &of = plain.layers[l], &now = after.layers[l];
            EXPECT_GT(compare_with_slopes(plain, of.weights, now.weights, x), 1e-3);
            EXPECT_GT(compare_with_slopes(plain, of.biases, now.biases, x), 1e-3);
          }
          break;
        }
      }
    });
  });
}

TEST(Gradients, AreMultipliedByTheLearningRateOfEachImage) {
  const RateMatrix<float> x = normal_numbers(kInputs, kShown, 960);
  const SmallStack small(2, HyperbolicTangent::Params{}, CrossEntropy::Params{}, 0);
  const auto taught = [&](const std::vector<double>& rates) {
    PlasticStack stack = small.stack();
    std::vector<Presentation> shown;
    for (std::size_t k = 0; k < kShown; ++k) shown.push_back({{}, kLabels[k], rates[k]});
    std::vector<std::uint8_t> predicted(kShown);
    LearningReport report;
    stack.learn(shown, x, predicted, Measure::nothing, report);
    return small.plain(stack).layers[0].weights;
  };
  const std::vector<double> none = taught({0.0, 0.0, 0.0}), both = taught({0.4, 0.0, 1.2}),
                            first = taught({0.4, 0.0, 0.0}), last = taught({0.0, 0.0, 1.2});
  double largest = 0.0;
  for (std::size_t i = 0; i < none.size(); ++i) {
    EXPECT_NEAR(both[i] - none[i], first[i] + last[i] - 2.0 * none[i], 1e-6);  // rounded to single precision
    largest = std::max(largest, std::abs(both[i] - none[i]));
  }
  EXPECT_GT(largest, 1e-2);
}

}  // namespace
}  // namespace shallows
