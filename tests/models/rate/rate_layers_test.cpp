// Rate networks of several hidden layers, of complex cells, and learning in batches.
#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "models/rate/rate_network.hpp"
#include "tests/models/scenes.hpp"

namespace shallows {
namespace {

/// A network as plain numbers, in double precision: the definition.
struct Plain {
  struct Layer {
    Synapses synapses;
    std::vector<double> weights, biases;
    std::function<double(double)> activation;
  };
  std::vector<Layer> layers;
  std::vector<double> readout, readout_biases;  // readout [class][input]

  std::vector<double> hidden(std::vector<double> x) const {
    for (const Layer& layer : layers) {
      std::vector<double> h;
      for (std::size_t i = 0; i < layer.synapses.targets(); ++i) {
        double a = layer.biases[i];
        const auto sources = layer.synapses.sources_of(i);
        for (std::size_t s = 0; s < sources.size(); ++s)
          a += layer.weights[layer.synapses.offsets[i] + s] * x[sources[s]];
        h.push_back(layer.activation(a));
      }
      x = std::move(h);
    }
    return x;
  }
  /// Cross-entropy.
  double loss(const std::vector<double>& x, std::size_t label) const {
    const std::vector<double> h = hidden(x);
    std::vector<double> a = readout_biases;
    double sum = 0.0;
    for (std::size_t c = 0; c < a.size(); ++c) {
      for (std::size_t j = 0; j < h.size(); ++j) a[c] += readout[c * h.size() + j] * h[j];
      sum += std::exp(a[c]);
    }
    return std::log(sum) - a[label];
  }
};

struct Stack {
  ReceptiveFields bank = make_random_fields({}, {.size = 80, .patch = 5, .scale = 0.5}, kScene, 3);
  RateParams params;
  std::vector<UpperLayer> upper;

  std::vector<Projection> projections() const { return make_upper_layers(upper, places_of(bank), kScene, 3); }
  RateNetwork network() const { return {params, &bank, projections(), kScene.pixels(), kSceneClasses, 7}; }
};

UpperLayer random_layer(std::size_t size, std::size_t patch = 0) {
  UpperLayer layer;
  layer.kind = RandomLayerParams{.size = size, .patch = patch, .scale = 1.4};
  return layer;
}

/// Three hidden layers, the second one local, with all that can learn by this rule.
Stack deep(const HiddenRuleChoice& rule, std::size_t batch = 1) {
  Stack stack;
  stack.upper = {random_layer(60, 6), random_layer(40)};
  stack.params.loss = CrossEntropy::Params{};
  stack.params.batch = batch;
  stack.params.hidden.rule = rule;
  stack.params.upper[0].rule = rule;
  stack.params.upper[0].activation = HyperbolicTangent::Params{};
  stack.params.upper[1].rule = rule;
  return stack;
}

FeedbackAlignment::Params strong_feedback() {
  FeedbackAlignment::Params params;
  params.feedback_scale = 2.0;
  return params;
}

Plain plain_of(const RateNetwork& net, const Stack& stack) {
  const auto arrays = net.arrays();
  const auto doubles = [](const std::vector<float>& v) { return std::vector<double>(v.begin(), v.end()); };
  const auto relu = [](double a) { return std::max(0.0, a); };
  Plain plain;
  std::vector<Synapses> synapses = {to_synapses(stack.bank)};
  for (const Projection& layer : stack.projections()) synapses.push_back(layer.synapses);
  for (std::size_t l = 0; l < synapses.size(); ++l) {
    const auto learned = net.learned_weights(l + 1);
    plain.layers.push_back(
        {.synapses = synapses[l],
         .weights = doubles(learned ? *learned : synapses[l].weights_mV),
         .biases = doubles(array_values<float>(arrays, "biases/" + layer_name(l + 1))),
         .activation = l == 1 ? std::function<double(double)>([](double a) { return std::tanh(a); }) : relu});
  }
  plain.readout = doubles(array_values<float>(arrays, "weights/readout/final"));
  plain.readout_biases = doubles(array_values<float>(arrays, "biases/readout"));
  return plain;
}

std::vector<double> centered_values(const Image& image) {
  std::vector<float> pixels(image.pixels.size());
  image.centered(pixels);
  return {pixels.begin(), pixels.end()};
}

void teach(RateNetwork& net, const ImageSet& images, double rate) {
  std::vector<std::uint8_t> predicted(images.size());
  net.learn(presentations(images, rate), predicted);
}

TEST(RateLayers, AnswerAsTheirDefinitionSays) {
  const ImageSet images = random_images(20, 0);
  for (const HiddenRuleChoice rule : {HiddenRuleChoice{}, HiddenRuleChoice{Backprop::Params{}}}) {
    const Stack stack = deep(rule);
    const RateNetwork net = stack.network();
    EXPECT_EQ(net.hidden(), 40U);
    EXPECT_EQ(net.layers(), 3U);
    const Plain plain = plain_of(net, stack);
    for (std::size_t k = 0; k < images.size(); ++k) {
      const Response response = net.respond(images.image(k));
      for (std::size_t c = 0; c < kSceneClasses; ++c) {
        const double p = std::exp(-plain.loss(centered_values(images.image(k)), c));
        EXPECT_NEAR(static_cast<double>(response.scores[c]), p, 1e-5);
      }
    }
  }
}

TEST(RateLayers, FollowTheGradientThatFiniteDifferencesGive) {
  const ImageSet images = random_images(3, 1);
  constexpr double kRate = 1e-2;
  for (std::size_t k = 0; k < images.size(); ++k) {
    const Stack stack = deep(Backprop::Params{});
    RateNetwork net = stack.network();
    Plain plain = plain_of(net, stack);
    teach(net, images.slice(k, 1), kRate);
    const Plain after = plain_of(net, stack);
    const std::vector<double> x = centered_values(images.image(k));
    double largest = 0.0;
    const auto compare = [&](std::vector<double>& before, const std::vector<double>& now, std::size_t every) {
      for (std::size_t i = 0; i < before.size(); i += every) {
        constexpr double kStep = 1e-6;
        const double value = before[i];
        before[i] = value + kStep;
        const double above = plain.loss(x, images.label(k));
        before[i] = value - kStep;
        const double slope = (above - plain.loss(x, images.label(k))) / (2.0 * kStep);
        before[i] = value;
        // The step is rounded to single precision where it is added to a weight.
        EXPECT_NEAR(now[i] - value, -kRate * slope, 2e-7 + 1e-3 * kRate * std::abs(slope));
        largest = std::max(largest, kRate * std::abs(slope));
      }
    };
    for (std::size_t l = 0; l < 3; ++l) {
      compare(plain.layers[l].weights, after.layers[l].weights, 7);
      compare(plain.layers[l].biases, after.layers[l].biases, 1);
      EXPECT_GT(largest, 1e-5) << "layer " << l;
    }
    compare(plain.readout, after.readout, 3);
    compare(plain.readout_biases, after.readout_biases, 1);
  }
}

TEST(RateLayers, LearnTheMeanOfTheStepsOfABatch) {
  const ImageSet images = random_images(4, 2);
  for (const HiddenRuleChoice rule : {HiddenRuleChoice{Backprop::Params{}},
                                      HiddenRuleChoice{strong_feedback()}, HiddenRuleChoice{OjaSubspace::Params{}}}) {
    const Stack stack = deep(rule, 4);
    RateNetwork together = stack.network();
    const Plain before = plain_of(together, stack);
    teach(together, images, 0.05);
    const Plain after = plain_of(together, stack);
    std::vector<double> mean(before.layers[1].weights.size(), 0.0);
    for (std::size_t k = 0; k < 4; ++k) {
      RateNetwork alone = stack.network();
      teach(alone, images.slice(k, 1), 0.05);
      const Plain step = plain_of(alone, stack);
      for (std::size_t i = 0; i < mean.size(); ++i)
        mean[i] += (step.layers[1].weights[i] - before.layers[1].weights[i]) / 4.0;
    }
    double largest = 0.0;
    for (std::size_t i = 0; i < mean.size(); ++i) {
      EXPECT_NEAR(after.layers[1].weights[i] - before.layers[1].weights[i], mean[i], 2e-7);
      largest = std::max(largest, std::abs(mean[i]));
    }
    EXPECT_GT(largest, 1e-5) << rule.index();
  }
}

TEST(RateLayers, LearnTheReadoutInBatchesToo) {
  const ImageSet images = random_images(4, 2);
  Stack stack;
  stack.params.batch = 4;
  RateNetwork together = stack.network();
  const auto readout = [](const RateNetwork& net) {
    return array_values<float>(std::as_const(*std::make_unique<std::vector<NamedArray>>(net.arrays())),
                               "weights/readout/final");
  };
  const std::vector<float> before = readout(together);
  teach(together, images, 0.05);
  const std::vector<float> after = readout(together);
  std::vector<double> mean(before.size(), 0.0);
  for (std::size_t k = 0; k < 4; ++k) {
    RateNetwork alone = stack.network();
    teach(alone, images.slice(k, 1), 0.05);
    const std::vector<float> step = readout(alone);
    for (std::size_t i = 0; i < mean.size(); ++i)
      mean[i] += (static_cast<double>(step[i]) - static_cast<double>(before[i])) / 4.0;
  }
  for (std::size_t i = 0; i < mean.size(); ++i)
    EXPECT_NEAR(static_cast<double>(after[i]) - static_cast<double>(before[i]), mean[i], 2e-7);
}

TEST(RateLayers, InBatchesOfOneLearnAsTheBankThatLearnsInPlace) {
  // The same bank twice: alone it learns by the overlaps of images, below a layer that passes the errors of
  // its readout on it learns in the general form. That layer is the identity, so the networks are the same.
  const ImageSet images = random_images(60, 3);
  Stack alone;
  alone.params.hidden.rule = Backprop::Params{};
  RateNetwork in_place = alone.network();
  Projection identity;
  identity.synapses.source_count = 80;
  for (NeuronId i = 0; i < 80; ++i) {
    identity.synapses.sources.push_back(i);
    identity.synapses.weights_mV.push_back(1.0F);
    identity.synapses.offsets.push_back(i + 1);
    identity.places.push_back({0.0, 0.0});
  }
  RateNetwork general(alone.params, &alone.bank, std::vector{identity}, kScene.pixels(), kSceneClasses, 7);
  teach(in_place, images, 0.02);
  teach(general, images, 0.02);
  const std::vector<float> a = *in_place.learned_weights(1), b = *general.learned_weights(1);
  for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-5F);
  EXPECT_NE(a, std::vector<float>(alone.bank.filters().begin(), alone.bank.filters().end()));
}

TEST(RateLayers, GoOnToTheSameBitsAfterARestoreWhateverTheThreads) {
  const ImageSet images = random_images(170, 4);
  for (const HiddenRuleChoice rule :
       {HiddenRuleChoice{Backprop::Params{}}, HiddenRuleChoice{strong_feedback()},
        HiddenRuleChoice{Sanger::Params{}}}) {
    for (const std::size_t batch : {std::size_t{1}, std::size_t{7}}) {
      const Stack stack = deep(rule, batch);
      std::vector<std::vector<NamedArray>> ends;
      for (const std::size_t threads : {std::size_t{1}, std::size_t{4}}) {
        const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
        RateNetwork whole = stack.network();
        teach(whole, images, 0.01);
        ends.push_back(whole.arrays());
        ends.back().push_back({"weights", {}, *whole.learned_weights(2)});
      }
      EXPECT_TRUE(ends[0] == ends[1]) << rule.index();

      RateNetwork first = stack.network();
      const std::size_t cut = 2 * first.granularity();
      teach(first, images.slice(0, cut), 0.01);
      std::vector<Projection> layers = stack.projections();
      for (std::size_t l = 0; l < layers.size(); ++l)
        layers[l].synapses.weights_mV = *first.learned_weights(l + 2);
      const ReceptiveFields bank(kScene, 5, {stack.bank.positions().begin(), stack.bank.positions().end()},
                                 *first.learned_weights(1));
      RateNetwork second(stack.params, &bank, layers, kScene.pixels(), kSceneClasses, 7);
      second.restore(first.arrays());
      teach(second, images.slice(cut, images.size() - cut), 0.01);
      auto end = second.arrays();
      end.push_back({"weights", {}, *second.learned_weights(2)});
      EXPECT_TRUE(end == ends[0]) << rule.index() << ", batch " << batch;
    }
  }
}

TEST(RateLayers, BelowTheFirstThatLearnsStayAsTheyAre) {
  Stack stack = deep(HiddenRuleChoice{});
  stack.params.upper[1].rule = Backprop::Params{};
  RateNetwork net = stack.network();
  teach(net, random_images(50, 5), 0.05);
  EXPECT_FALSE(net.bank_learns());
  EXPECT_FALSE(net.learned_weights(1));
  EXPECT_FALSE(net.learned_weights(2));
  EXPECT_NE(*net.learned_weights(3), stack.projections()[1].synapses.weights_mV);
}

TEST(RateComplexCells, AnswerWithTheLargestOrTheMeanOfTheirSimpleCells) {
  const ImageSet images = random_images(6, 6);
  for (const Pooling pooling : {Pooling::largest, Pooling::mean}) {
    Stack stack;
    stack.params.cells = {.pool = {.reach = 2, .step = 1}, .pooling = pooling};
    stack.params.readout_weight_scale = 1.0;
    const RateNetwork net = stack.network();
    EXPECT_EQ(net.synaptic_operations(), 25U * 80U * 25U + 80U * kSceneClasses);
    const auto arrays = net.arrays();
    const auto& biases = array_values<float>(arrays, "biases/hidden");
    const auto& readout = array_values<float>(arrays, "weights/readout/final");
    const auto& readout_biases = array_values<float>(arrays, "biases/readout");
    for (std::size_t k = 0; k < images.size(); ++k) {
      std::vector<float> pixels(kScene.pixels());
      images.image(k).centered(pixels);
      std::vector<double> hidden;
      for (std::size_t i = 0; i < 80; ++i) {
        double largest = 0.0, sum = 0.0;
        for (int down = -2; down <= 2; ++down) {
          for (int right = -2; right <= 2; ++right) {
            const ReceptiveFields moved = shifted(stack.bank, down, right);
            double a = static_cast<double>(biases[i]);
            for (std::size_t p = 0; p < 25; ++p)
              a += static_cast<double>(moved.filter(i)[p]) * static_cast<double>(pixels[moved.pixel(i, p)]);
            largest = std::max(largest, a);
            sum += std::max(0.0, a);
          }
        }
        hidden.push_back(pooling == Pooling::largest ? largest : sum / 25.0);
      }
      const Response response = net.respond(images.image(k));
      for (std::size_t c = 0; c < kSceneClasses; ++c) {
        double y = static_cast<double>(readout_biases[c]);
        for (std::size_t i = 0; i < 80; ++i) y += static_cast<double>(readout[c * 80 + i]) * hidden[i];
        EXPECT_NEAR(static_cast<double>(response.scores[c]), std::max(0.0, y), 1e-4);
      }
    }
  }
}

TEST(Activations, HaveTheSlopesOfTheirAnswers) {
  for_each_entry(Activations(), []<class Activation>() {
    for (const float a : {-1.5F, -0.3F, 0.4F, 2.0F}) {
      const float step = 1e-2F;
      const float slope = (Activation::answer(a + step) - Activation::answer(a - step)) / (2.0F * step);
      EXPECT_NEAR(Activation::slope(Activation::answer(a)), slope, 1e-3F) << Activation::name << a;
    }
  });
}

}  // namespace
}  // namespace shallows
