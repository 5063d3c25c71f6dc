#include "models/banks/learning/inhibited_populations.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "encoders/fixed_fields.hpp"
#include "models/banks/field_scale.hpp"
#include "models/banks/learning/sparse_coding.hpp"
#include "models/banks/sparse_bank.hpp"
#include "models/rate/rate_network.hpp"
#include "tests/models/scenes.hpp"
#include "tests/sim/instruction_sets.hpp"

namespace shallows {
namespace {

constexpr HiddenInhibition kDynamics[] = {HiddenInhibition::fixed_point, HiddenInhibition::fifty_steps};

/// When the integration to the fixed point stands still (within 1e-3 of the largest drive) can hang on
/// rounding.
float tolerance(HiddenInhibition dynamics) {
  return dynamics == HiddenInhibition::fixed_point ? 1e-2F : 1e-4F;
}

/// The released scheme for the two neurons of the next test, from its definition.
std::pair<double, double> two_after_fifty_steps(double u1, double u2) {
  double a1 = 0.0, a2 = 0.0;
  const auto y1 = [&] { return std::max(0.0, a1 - 0.1); };
  const auto y2 = [&] { return std::max(0.0, a2 - 0.2); };
  for (int step = 0; step < 50; ++step) {
    const double next1 = 0.9 * a1 + 0.1 * (u1 - 0.5 * y2());
    a2 = 0.9 * a2 + 0.1 * (u2 - 0.3 * y1());
    a1 = next1;
  }
  return {y1(), y2()};
}

/// `populations` times two neurons with thresholds 0.1 and 0.2; the second one inhibits the first one by 0.5,
/// the first one the second one by 0.3.
LateralInhibition pairs(std::size_t populations) {
  LateralInhibition inhibition{.population = 2, .weights = {}, .thresholds = {}};
  for (std::size_t p = 0; p < populations; ++p) {
    for (const float weight : {0.0F, 0.3F, 0.5F, 0.0F}) inhibition.weights.push_back(weight);
    for (const float threshold : {0.1F, 0.2F}) inhibition.thresholds.push_back(threshold);
  }
  return inhibition;
}

/// With both active, y1 = u1 - 0.5 y2 - 0.1 and y2 = u2 - 0.3 y1 - 0.2, so y1 = (u1 - 0.1 - 0.5 (u2 - 0.2)) /
/// 0.85; where one stays below its threshold the other one is free.
TEST(InhibitedPopulations, OfTwoNeuronsReachTheFixedPointInClosedForm) {
  struct Case {
    double u1, u2, y1, y2;
  };
  const Case both{1.0, 0.8, (0.9 - 0.5 * 0.6) / 0.85, 0.6 - 0.3 * (0.9 - 0.5 * 0.6) / 0.85};
  for (const Case& c :
       {both, Case{2.0, 0.5, 1.9, 0.0}, Case{0.2, 1.2, 0.0, 1.0}, Case{-1.0, 0.2, 0.0, 0.0}}) {
    // Alone and in lanes, of which the last group has one or three in use.
    for (const std::size_t populations : {1U, 17U, 35U}) {
      std::vector<float> hidden;
      for (std::size_t p = 0; p < populations; ++p) {
        hidden.push_back(static_cast<float>(c.u1));
        hidden.push_back(static_cast<float>(c.u2));
      }
      std::vector<float> stepped = hidden;
      InhibitedPopulations(pairs(populations), HiddenInhibition::fixed_point).respond(hidden);
      InhibitedPopulations(pairs(populations), HiddenInhibition::fifty_steps).respond(stepped);
      const auto [y1, y2] = two_after_fifty_steps(c.u1, c.u2);
      for (std::size_t p = 0; p < populations; ++p) {
        EXPECT_NEAR(static_cast<double>(hidden[2 * p]), c.y1, 2e-3);
        EXPECT_NEAR(static_cast<double>(hidden[2 * p + 1]), c.y2, 2e-3);
        EXPECT_NEAR(static_cast<double>(stepped[2 * p]), y1, 1e-6);
        EXPECT_NEAR(static_cast<double>(stepped[2 * p + 1]), y2, 1e-6);
      }
      EXPECT_NEAR(y1, c.y1, 0.03) << "the released scheme stops close to the fixed point";
    }
  }
}

TEST(InhibitedPopulations, GiveTheSameBitsOnEveryInstructionSet) {
  Rng rng(95, Purpose::tests, 0);
  LateralInhibition inhibition{.population = 7, .weights = {}, .thresholds = {}};
  std::vector<float> drives;
  for (std::size_t i = 0; i < 40 * 7; ++i) {
    inhibition.thresholds.push_back(0.01F);
    drives.push_back(static_cast<float>(rng.normal()));
    for (std::size_t j = 0; j < 7; ++j)
      inhibition.weights.push_back(i % 7 == j ? 0.0F : static_cast<float>(rng.uniform()));
  }
  const InhibitedPopulations populations(inhibition, HiddenInhibition::fifty_steps);
  std::vector<float> expected = drives;
  populations.respond(expected);
  EXPECT_NE(expected, drives);
  for (const auto& [name, targets] : lesser_machines()) {
    const PretendMachine machine(targets);
    std::vector<float> hidden = drives;
    populations.respond(hidden);
    EXPECT_EQ(hidden, expected) << name;
  }
}

// Of the bank that a network has learned:

constexpr std::size_t kNeurons = 6;
constexpr std::size_t kPatch = 5;

ReceptiveFields learn(const SparseParams& params, std::size_t populations, const ImageSet& images) {
  const BankShape shape{.size = populations * kNeurons, .patch = kPatch};
  return SparseBank::make(params, shape, {.shape = images.shape(), .seed = 5, .images = &images})->bank;
}

SparseParams params(SparseDynamics dynamics = SparseDynamics::fixed_point) {
  SparseParams result;
  result.features = kNeurons;
  result.fit_updates = 1500;
  result.fit_rate = 0.02;
  result.sparse_dynamics = dynamics;
  return result;
}

ReceptiveFields learned_bank(const ImageSet& images, std::size_t populations = 20) {
  return learn(params(), populations, images);
}

std::vector<std::uint32_t> pixels_of(const ReceptiveFields& bank, std::size_t neuron) {
  std::vector<std::uint32_t> pixels;
  for (std::size_t k = 0; k < bank.filter_size(); ++k)
    pixels.push_back(static_cast<std::uint32_t>(bank.pixel(neuron, k)));
  return pixels;
}

std::vector<float> centered(const Image& image) {
  std::vector<float> pixels(kScene.pixels());
  image.centered(pixels);
  return pixels;
}

TEST(InhibitedPopulations, RespondAsTheCodersThatLearnedThem) {
  const ImageSet images = random_images(300, 4);
  for (const HiddenInhibition chosen : kDynamics) {
    const SparseParams learned = params(
        chosen == HiddenInhibition::fixed_point ? SparseDynamics::fixed_point : SparseDynamics::fifty_steps);
    const ReceptiveFields bank = learn(learned, 20, images);
    ASSERT_TRUE(bank.inhibition().has_value());
    EXPECT_GT(*std::ranges::max_element(bank.inhibition()->weights), 0.05F);
    const InhibitedPopulations populations(*bank.inhibition(), chosen);
    EXPECT_EQ(populations.synapses(), 20U * 6U * 5U);
    for (const std::size_t p : {0U, 7U, 19U}) {
      const Samples samples = pixel_samples(images, pixels_of(bank, p * kNeurons), images.size());
      FitMonitor monitor(0, {});
      SparseCoder coder =
          learn_sparse_code(samples, kNeurons, learned, Rng(5, Purpose::sparse_coding, p), monitor);
      std::vector<double> x(samples.dimension), linear(bank.size());
      for (std::size_t n = 0; n < 30; ++n) {
        bank.apply(centered(images.image(n)), linear);
        std::vector<float> hidden(linear.begin(), linear.end());
        populations.respond(hidden);
        samples.read(n, x);
        const auto expected = coder.respond(x);
        for (std::size_t i = 0; i < kNeurons; ++i) {
          EXPECT_NEAR(hidden[p * kNeurons + i], static_cast<float>(expected[i]), tolerance(chosen))
              << "population " << p << " image " << n;
        }
      }
    }
  }
}

TEST(InhibitedPopulations, OfOneScaledBankRespondByThatScale) {
  const ImageSet images = random_images(100, 5);
  const ReceptiveFields bank = learned_bank(images);
  for (const HiddenInhibition dynamics : kDynamics) {
    const ReceptiveFields scaled = scaled_fields(bank, FieldScale::largest, 1.5, dynamics, images);
    const InhibitedPopulations before(*bank.inhibition(), dynamics), after(*scaled.inhibition(), dynamics);
    std::vector<float> small, large;
    for (std::size_t n = 0; n < images.size(); ++n) {
      std::vector<double> linear(bank.size());
      const auto respond = [&](const ReceptiveFields& fields, const InhibitedPopulations& populations,
                               std::vector<float>& all) {
        fields.apply(centered(images.image(n)), linear);
        std::vector<float> hidden(linear.begin(), linear.end());
        populations.respond(hidden);
        all.insert(all.end(), hidden.begin(), hidden.end());
      };
      respond(bank, before, small);
      respond(scaled, after, large);
    }
    const float largest = *std::ranges::max_element(small);
    EXPECT_NEAR(*std::ranges::max_element(large), 1.5F, tolerance(dynamics));
    for (std::size_t k = 0; k < small.size(); ++k)
      ASSERT_NEAR(large[k], small[k] * 1.5F / largest, tolerance(dynamics)) << "one factor for all";
  }
}

TEST(InhibitedPopulations, AreWhatTheReadoutOfTheirNetworkSees) {
  const ImageSet images = random_images(120, 6);
  const ReceptiveFields bank = learned_bank(images);
  for (const HiddenInhibition dynamics : kDynamics) {
    RateParams rate;
    rate.inhibition = dynamics;
    RateNetwork network(rate, &bank, kScene.pixels(), kSceneClasses, 7);
    const std::vector<NamedArray> arrays = network.arrays();
    const auto& biases = array_values<float>(arrays, "biases/hidden");
    const InhibitedPopulations populations(*bank.inhibition(), dynamics);
    DeltaReadout readout(bank.size(), array_values<float>(arrays, "weights/readout/final"),
                         array_values<float>(arrays, "biases/readout"));
    const auto seen = [&](std::size_t n) {
      std::vector<double> drive(bank.size());
      bank.apply(centered(images.image(n)), drive);
      std::vector<float> hidden;
      for (std::size_t i = 0; i < bank.size(); ++i)
        hidden.push_back(static_cast<float>(drive[i]) + biases[i]);
      populations.respond(hidden);
      return hidden;
    };
    std::vector<std::uint8_t> predicted(images.size());
    network.learn(presentations(images, 5e-3), predicted);
    std::size_t agreed = 0;
    for (std::size_t n = 0; n < images.size(); ++n)
      agreed += first_maximum(readout.learn(seen(n), images.label(n), 5e-3)) == predicted[n] ? 1 : 0;
    EXPECT_GE(agreed, images.size() - 1) << "a near tie may fall either way";
    for (std::size_t n = 0; n < 20; ++n) {
      const std::vector<float> expected = readout.respond(seen(n));
      const Response response = network.respond(images.image(n));
      for (std::size_t c = 0; c < kSceneClasses; ++c)
        EXPECT_NEAR(response.scores[c], expected[c], tolerance(dynamics));
    }
    EXPECT_EQ(network.synaptic_operations(), bank.size() * (25U + 5U + kSceneClasses));
  }
}

TEST(InhibitedPopulations, AreOneByOneWithoutInhibition) {
  const ImageSet images = random_images(60, 7);
  const ReceptiveFields bank = learned_bank(images);
  const ReceptiveFields plain(bank.shape(), bank.patch(), {bank.positions().begin(), bank.positions().end()},
                              {bank.filters().begin(), bank.filters().end()});
  RateNetwork with_weights(RateParams{}, &bank, kScene.pixels(), kSceneClasses, 7);
  RateNetwork without(RateParams{}, &plain, kScene.pixels(), kSceneClasses, 7);
  EXPECT_EQ(with_weights.respond(images.image(0)).scores, without.respond(images.image(0)).scores);
}

}  // namespace
}  // namespace shallows
