#include "models/spiking/spiking_network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "sim/core/error.hpp"
#include "tests/models/scenes.hpp"
#include "tests/sim/event_scheme.hpp"
#include "tests/sim/train_matching.hpp"

namespace shallows {
namespace {

TEST(SpikingNetwork, IsTheNetworkOfThePaper) {
  // All three populations in one event queue (tests/sim/event_scheme.hpp), from the parameters and the
  // initial state that the network tells of.
  const SpikingParams params = with_engine(EngineKind::reference, Precision::double_precision);
  SpikingNetwork network = scene_network(params, 60);
  const auto arrays = network.arrays();
  const ImageSet images = random_images(10, 0);
  const std::vector<Presentation> shown = {{images.image(0), images.label(0), 0.0}};
  const std::vector<Activity> got = learn_all(network, shown);

  LayerCase input;
  std::vector<float> contrast(kScene.pixels());
  images.image(0).centered(contrast);
  input.synapses.offsets.assign(kScene.pixels() + 1, 0);
  for (const float x : contrast) input.drives_mV.push_back(500.0 * static_cast<double>(x) + 20.0);
  input.thresholds_mV = array_values<double>(arrays, "thresholds/input_mV");
  input.initial_mV = array_values<double>(arrays, "state/input/v_mV");
  LayerCase hidden;
  hidden.synapses = to_synapses(scene_bank(60));
  hidden.drives_mV.assign(60, 20.0);
  hidden.thresholds_mV = array_values<double>(arrays, "thresholds/hidden_mV");
  hidden.initial_mV = array_values<double>(arrays, "state/hidden/v_mV");
  LayerCase readout;
  readout.synapses.source_count = 60;
  const auto& weights = array_values<double>(arrays, "weights/readout/final");
  for (std::uint32_t i = 0; i < kSceneClasses; ++i) {
    for (NeuronId j = 0; j < 60; ++j) {
      readout.synapses.sources.push_back(j);
      readout.synapses.weights_mV.push_back(static_cast<float>(weights[i * 60 + j]));
    }
    readout.synapses.offsets.push_back((i + 1) * 60);
  }
  readout.drives_mV.assign(kSceneClasses, 20.0);
  readout.thresholds_mV = array_values<double>(arrays, "thresholds/readout_mV");
  readout.initial_mV = array_values<double>(arrays, "state/readout/v_mV");

  EventScheme scheme;
  scheme.add_layer(input, 0.0);
  scheme.add_layer(hidden, 0.1);
  scheme.add_layer(readout, 0.1);
  const std::vector<SpikeTrain> expected = scheme.run(SpikeTrain(), 150.0);
  ASSERT_GT(expected[0].size(), 1000U);
  ASSERT_GT(expected[1].size(), 300U);
  ASSERT_GT(expected[2].size(), 5U);
  EXPECT_LT(largest_distance(got[0].input(), expected[0]), 1e-9);
  EXPECT_LT(largest_distance(got[0].hidden(), expected[1]), 1e-9);
  // The scheme's weights are floats: a spike that is caused by another arrival would show as 0.01 ms or more.
  EXPECT_LT(largest_distance(got[0].readout(), expected[2]), 1e-9);

  std::uint64_t events = 0;
  const std::vector<std::uint32_t> fan_out = hidden.synapses.fan_out();
  for (std::size_t k = 0; k < expected[0].size(); ++k)
    events += expected[0].times()[k] + 0.1 < 150.0 ? fan_out[expected[0].sources()[k]] : 0;
  for (const TimeMs time : expected[1].times()) events += time + 0.1 < 150.0 ? kSceneClasses : 0;
  EXPECT_EQ(got[0].synaptic_events, events);
}

TEST(SpikingNetwork, GivesTheSameSpikesWithTheFastDoubleEngineAndTheReference) {
  const ImageSet images = random_images(20, 1);
  for (const TimeMs refractory_ms : {0.0, 1.5}) {
    SpikingParams params = with_engine(EngineKind::fast, Precision::double_precision);
    params.neuron.refractory_ms = refractory_ms;
    SpikingNetwork fast = scene_network(params);
    params.engine = EngineKind::reference;
    SpikingNetwork reference = scene_network(params);
    ASSERT_STREQ(fast.engine(), "fast double");
    ASSERT_STREQ(reference.engine(), "reference");
    const auto lessons = presentations(images, 1e-3);
    const auto got = learn_all(fast, lessons);
    const auto expected = learn_all(reference, lessons);
    std::size_t readout = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_TRUE(got[i] == expected[i]) << "image " << i << ", refractory " << refractory_ms;
      readout += expected[i].readout().size();
    }
    EXPECT_GT(readout, 200U);
    const std::vector<NamedArray> fast_arrays = fast.arrays();
    const std::vector<NamedArray> reference_arrays = reference.arrays();
    const auto& a = array_values<double>(fast_arrays, "weights/readout/final");
    const auto& b = array_values<double>(reference_arrays, "weights/readout/final");
    for (std::size_t w = 0; w < a.size(); ++w) EXPECT_NEAR(a[w], b[w], 1e-9 * std::max(1.0, std::abs(b[w])));
  }
}

TEST(SpikingNetwork, KeepsARefractoryTimeThatIsShortAgainstTauWithEveryEngine) {
  // 0.3 ms of 1e6 ms are less than five steps of a float32 exp(t / tau).
  const ImageSet images = random_images(10, 12);
  for (SpikingParams params : params_of_all_engines()) {
    params.neuron.tau_ms = 1e6;
    params.neuron.refractory_ms = 0.3;
    params.input.gain_mV = 1e6;
    params.hidden_bias_mV = 0.0;
    params.readout.bias_mV = 0.0;
    params.readout.weight_scale_mV = 200.0;
    const ReceptiveFields bank = make_gabor_fields({}, {.size = 150, .patch = 5, .scale = 400.0}, kScene, 3);
    SpikingNetwork network(
        params, bank,
        draw_thresholds(params.threshold, std::vector<std::size_t>{kScene.pixels(), 150, kSceneClasses}, 3),
        3);
    std::size_t spikes = 0;
    for (const Activity& activity : learn_all(network, presentations(images, 1e-3))) {
      for (const SpikeTrain* train : {&activity.input(), &activity.hidden(), &activity.readout()}) {
        EXPECT_EQ(too_short(*train, 0.3), 0U) << network.engine();
      }
      spikes += activity.readout().size();
    }
    EXPECT_GT(spikes, 200U) << network.engine() << ": too quiet to show anything";
  }
}

TEST(SpikingNetwork, LearnsTheClassesApart) {
  for (const SpikingParams& params : params_of_all_engines()) {
    if (params.engine == EngineKind::reference) continue;
    SpikingNetwork network = scene_network(params);
    const ImageSet train = random_images(1000, 2);
    learn_all(network, presentations(train, 5e-3));
    const ImageSet test = random_images(50, 3);
    std::size_t correct = 0;
    Activity activity;
    for (std::size_t i = 0; i < test.size(); ++i)
      correct += network.respond(test.image(i), activity).predicted == test.label(i) ? 1 : 0;
    EXPECT_GE(correct, 48U) << "of 50, " << network.engine();
  }
}

TEST(SpikingNetwork, CountsTheReadoutSpikesOfTheLastPartOfATestPresentation) {
  SpikingParams params = with_engine(EngineKind::fast, Precision::single_precision);
  params.protocol.test_ms = 180.0;
  params.protocol.count_ms = 70.0;
  const SpikingNetwork network = scene_network(params);
  const ImageSet images = random_images(10, 4);
  std::size_t total = 0;
  for (std::size_t i = 0; i < images.size(); ++i) {
    Activity activity;
    const Response response = network.respond(images.image(i), activity);
    std::vector<float> counts(kSceneClasses, 0.0F);
    for (std::size_t k = 0; k < activity.readout().size(); ++k) {
      EXPECT_LT(activity.readout().times()[k], 180.0);
      if (activity.readout().times()[k] >= 110.0) counts[activity.readout().sources()[k]] += 1.0F;
    }
    EXPECT_EQ(response.scores, counts);
    EXPECT_EQ(response.kind, ScoreKind::spike_count);
    EXPECT_EQ(response.predicted, std::max_element(counts.begin(), counts.end()) - counts.begin());
    total += activity.readout().size();
  }
  EXPECT_GT(total, 50U);
}

TEST(SpikingNetwork, RespondsWithoutRegardToOrderAndWithoutLearning) {
  for (const SpikingParams& params : params_of_all_engines()) {
    SpikingNetwork network = scene_network(params);
    const ImageSet images = random_images(8, 5);
    learn_all(network, presentations(images, 1e-3));
    const std::vector<NamedArray> before = network.arrays();
    std::vector<Activity> forward(images.size()), backward(images.size());
    std::vector<Response> first, second(images.size());
    for (std::size_t i = 0; i < images.size(); ++i)
      first.push_back(network.respond(images.image(i), forward[i]));
    for (std::size_t i = images.size(); i-- > 0;) second[i] = network.respond(images.image(i), backward[i]);
    for (std::size_t i = 0; i < images.size(); ++i) {
      EXPECT_TRUE(forward[i] == backward[i]) << network.engine() << ", image " << i;
      EXPECT_EQ(first[i].scores, second[i].scores);
    }
    EXPECT_EQ(network.arrays(), before) << network.engine();
  }
}

TEST(SpikingNetwork, StartsEveryTrainingImageAfreshWithoutCarryOver) {
  for (SpikingParams params : params_of_all_engines()) {
    const ImageSet images = random_images(2, 6);
    for (const bool carry_over : {false, true}) {
      params.protocol.carry_over = carry_over;
      const auto after_another = [&](std::size_t before) {
        SpikingNetwork network = scene_network(params);
        const std::vector<Presentation> shown = {{images.image(before), 0, 0.0}, {images.image(1), 1, 0.0}};
        return learn_all(network, shown).back();
      };
      SpikingNetwork network = scene_network(params);
      const std::vector<Presentation> alone = {{images.image(1), 1, 0.0}};
      const bool same =
          after_another(0) == after_another(1) && after_another(0) == learn_all(network, alone)[0];
      EXPECT_EQ(same, !carry_over) << network.engine();
    }
  }
}

TEST(SpikingNetwork, CarriesStateOverATestSequenceFromWhereTrainingStopped) {
  for (SpikingParams params : params_of_all_engines()) {
    params.protocol.test_ms = params.protocol.transient_ms + params.protocol.learning_ms;
    SpikingNetwork network = scene_network(params);
    const ImageSet images = random_images(6, 7);
    const ImageSet first = images.slice(0, 2), rest = images.slice(2, 4);
    learn_all(network, presentations(first, 1e-3));
    const std::vector<NamedArray> before = network.arrays();
    SpikingNetwork::TestSequence sequence = network.test_sequence();
    std::vector<Activity> tested(4);
    for (std::size_t i = 0; i < 4; ++i) sequence.respond(rest.image(i), tested[i]);
    EXPECT_EQ(network.arrays(), before);
    const std::vector<Activity> trained = learn_all(network, presentations(rest, 0.0));
    for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(tested[i] == trained[i]) << network.engine();
  }
}

TEST(SpikingNetwork, ChoosesTheReferenceEngineWhereTheFastOneDoesNotApply) {
  SpikingParams refractory, hidden_drive, readout_drive;
  refractory.neuron.refractory_ms = 17.0 * refractory.neuron.tau_ms;
  hidden_drive.hidden_bias_mV = 20.9;
  readout_drive.readout.bias_mV = 30.0;
  for (SpikingParams params : {refractory, hidden_drive, readout_drive}) {
    EXPECT_STREQ(scene_network(params).engine(), "reference");
    params.engine = EngineKind::fast;
    try {
      scene_network(params);
      ADD_FAILURE() << "took a network that it can't simulate";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::configuration);
      EXPECT_NE(std::string(error.what()).find("engine.kind"), std::string::npos);
    }
  }
  EXPECT_STREQ(scene_network({}).engine(), "fast float");
  EXPECT_STREQ(scene_network(with_engine(EngineKind::automatic, Precision::double_precision)).engine(),
               "fast double");
  EXPECT_STREQ(scene_network(with_engine(EngineKind::reference, Precision::single_precision)).engine(),
               "reference");
}

TEST(SpikingNetwork, FiresAndLearnsWithRefractorinessAndDrivesAboveThreshold) {
  SpikingParams params;
  params.neuron.refractory_ms = 3.0;
  params.hidden_bias_mV = 21.5;
  params.readout.bias_mV = 22.0;
  SpikingNetwork network = scene_network(params, 60);
  const auto before = network.arrays();
  const ImageSet images = random_images(4, 8);
  const auto activities = learn_all(network, presentations(images, 1e-3));
  for (const Activity& activity : activities) {
    ASSERT_GT(activity.readout().size(), 5U);
    for (const SpikeTrain* train : {&activity.input(), &activity.hidden(), &activity.readout()}) {
      for (const auto& [neuron, times] : by_neuron(*train)) {
        for (std::size_t k = 1; k < times.size(); ++k) ASSERT_GE(times[k] - times[k - 1], 3.0 - 1e-12);
      }
    }
  }
  const std::vector<NamedArray> after = network.arrays();
  EXPECT_NE(array_values<double>(after, "weights/readout/final"),
            array_values<double>(before, "weights/readout/final"));
}

TEST(SpikingNetwork, DrawsThresholdsAndVoltagesInTheirRanges) {
  const Thresholds thresholds = draw_thresholds({}, std::vector<std::size_t>{784, 5000, 10}, 1);
  double sum = 0.0;
  for (const auto& population : thresholds) {
    for (const double threshold : population) {
      EXPECT_GE(threshold, 20.0);
      EXPECT_LT(threshold, 21.0);
      sum += threshold;
    }
  }
  EXPECT_NEAR(sum / 5794.0, 20.5, 5 / std::sqrt(12.0 * 5794.0));
  EXPECT_NE(thresholds[1][0], thresholds[0][0]);
  const auto arrays = scene_network(with_engine(EngineKind::reference, Precision::double_precision)).arrays();
  for (const std::string population : {"input", "hidden", "readout"}) {
    const auto& v = array_values<double>(arrays, "state/" + population + "/v_mV");
    const auto& theta = array_values<double>(arrays, "thresholds/" + population + "_mV");
    for (std::size_t i = 0; i < v.size(); ++i) {
      EXPECT_GE(v[i], 0.0);
      EXPECT_LT(v[i], theta[i]);
    }
  }
  const auto& weights = array_values<double>(arrays, "weights/readout/final");
  double squares = 0.0;
  for (const double weight : weights) squares += weight * weight;
  EXPECT_NEAR(std::sqrt(squares / 1500.0) / (20.0 / std::sqrt(150.0)), 1.0, 5 / std::sqrt(3000.0));
}

}  // namespace
}  // namespace shallows
