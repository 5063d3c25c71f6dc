// The weights by which errors come back: which ones there are, and how they learn.
#include "models/rate/layers/layer_feedback.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "models/rate/rate_network.hpp"
#include "tests/models/rate/lessons.hpp"
#include "tests/models/scenes.hpp"

namespace shallows {
namespace {

/// Neurons of the layer that is taught, and of the one above it.
constexpr std::size_t kBelow = 100, kAbove = 40;

template <class Matrix>
FeedbackParams feedback_by(double scale) {
  FeedbackParams params;
  params.feedback = typename Matrix::Params{};
  params.feedback_scale = scale;
  return params;
}

FeedbackParams learning_by(const FeedbackRules::Chosen& rule) {
  FeedbackParams params;
  params.feedback_rule = rule;
  return params;
}

GroupedWeights weights_above(std::uint64_t stream = 910) { return dense_weights(kAbove, kBelow, stream); }

/// [neuron above, neuron below], as they were drawn or have learned to be.
WeightMatrix<double> stored(const LayerFeedback& feedback) {
  GroupedWeights weights(kAbove, kBelow);
  weights.assign(feedback.values());
  return matrix_of(weights);
}

/// The same, as errors come through them: what single errors of 1 become.
WeightMatrix<double> used(const LayerFeedback& feedback, const GroupedWeights* forward) {
  const RateMatrix<float> errors =
      feedback.errors(RateMatrix<float>::Identity(index(kAbove), index(kAbove)), forward);
  return errors.transpose().cast<double>();
}

GroupedWeights negated(const GroupedWeights& weights) {
  GroupedWeights negated = weights;
  for (auto& group : negated.groups()) group.weights *= -1.0F;
  return negated;
}

template <class Matrix>
class EveryFeedbackMatrix : public testing::Test {};
template <class List>
struct FeedbackTypes;
template <class... Entries>
struct FeedbackTypes<List<Entries...>> {
  using Types = testing::Types<Entries...>;
};
using AllFeedbackMatrices = FeedbackTypes<FeedbackMatrices>::Types;
TYPED_TEST_SUITE(EveryFeedbackMatrix, AllFeedbackMatrices);

TYPED_TEST(EveryFeedbackMatrix, HasTheDeviationOfItsScaleOverTheRootOfTheNeuronsBelow) {
  const GroupedWeights forward = weights_above();
  const LayerFeedback feedback(forward, feedback_by<TypeParam>(0.3), 7, 2);
  const WeightMatrix<double> b = used(feedback, &forward);
  const double deviation = 0.3 / std::sqrt(double{kBelow});
  // Of 4000 normal numbers the mean square has a deviation of 2.2 %, half of which is felt by its root.
  EXPECT_NEAR(std::sqrt(b.cwiseAbs2().mean()), deviation, 0.05 * deviation);
  EXPECT_NEAR(b.mean(), 0.0, 0.08 * deviation);  // five of its deviations, 1 / root of 4000
}

TYPED_TEST(EveryFeedbackMatrix, IsDrawnFromItsSeedAndStream) {
  const GroupedWeights forward = weights_above();
  const auto drawn = [&](std::uint64_t seed, std::uint64_t stream) {
    return LayerFeedback(forward, feedback_by<TypeParam>(0.3), seed, stream).values();
  };
  EXPECT_EQ(drawn(7, 2), drawn(7, 2));
  EXPECT_NE(drawn(7, 2), drawn(7, 3));
  EXPECT_NE(drawn(7, 2), drawn(8, 2));
}

TYPED_TEST(EveryFeedbackMatrix, HasTheSignsOfTheForwardWeightsAsTheyAreNowIfItTakesThem) {
  const GroupedWeights forward = weights_above(), turned = negated(forward);
  const LayerFeedback feedback(forward, feedback_by<TypeParam>(0.3), 7, 2);
  const WeightMatrix<double> drawn = stored(feedback);
  for (const GroupedWeights* now : {&forward, &turned}) {
    const WeightMatrix<double> w = matrix_of(*now);
    const WeightMatrix<double> expected =
        TypeParam::signs_of_forward ? WeightMatrix<double>(drawn.cwiseAbs().cwiseProduct(w.cwiseSign()))
                                    : drawn;
    EXPECT_EQ(used(feedback, now), expected);
  }
  EXPECT_EQ(used(feedback, nullptr), drawn);  // direct feedback: there are no weights of its shape
}

TYPED_TEST(EveryFeedbackMatrix, HasTheAngleToTheForwardWeightsThatTheUsedOnesHave) {
  const GroupedWeights forward = weights_above();
  const LayerFeedback feedback(forward, feedback_by<TypeParam>(0.3), 7, 2);
  const WeightMatrix<double> b = used(feedback, &forward), w = matrix_of(forward);
  const double cosine = b.cwiseProduct(w).sum() / (b.norm() * w.norm());
  EXPECT_NEAR(std::cos(*feedback.angle(forward) * std::acos(-1.0) / 180.0), cosine, 1e-6);
  // Of normal numbers that share signs only, the mean product of magnitudes is 2 / pi, and with +-1 its root.
  const double shared =
      std::is_same_v<TypeParam, BinarySigns> ? std::sqrt(2.0 / std::acos(-1.0)) : 2.0 / std::acos(-1.0);
  EXPECT_NEAR(cosine, TypeParam::signs_of_forward ? shared : 0.0, 0.06);  // four deviations
}

template <class Matrix>
class BinaryMatrix : public testing::Test {};
using BinaryMatrices = testing::Types<BinaryFeedback, BinarySigns>;
TYPED_TEST_SUITE(BinaryMatrix, BinaryMatrices);

TYPED_TEST(BinaryMatrix, HasOneMagnitudeAndBothSigns) {
  const GroupedWeights forward = weights_above();
  const WeightMatrix<double> b = used(LayerFeedback(forward, feedback_by<TypeParam>(0.3), 7, 2), &forward);
  EXPECT_TRUE((b.cwiseAbs().array() == static_cast<double>(0.03F)).all());
  EXPECT_NEAR((b.array() > 0.0).template cast<double>().mean(), 0.5, 0.04);  // five deviations
}

TEST(FeedbackThatLearns, FollowsTheProductOfActivitiesUnderHebbsRuleAndDecays) {
  HebbianFeedback::Params rule;
  rule.rate = 0.2;
  rule.decay = 0.5;
  LayerFeedback feedback(weights_above(), learning_by(rule), 7, 2);
  const WeightMatrix<double> before = stored(feedback);
  const Batch batch(kBelow, kAbove, 3, 30);
  feedback.learn(batch.x, batch.y, batch.shares);
  const WeightMatrix<double> products = batch.y.cast<double>() * batch.x.cast<double>().transpose() / 3.0;
  EXPECT_LT((stored(feedback) - (0.9 * before + 0.2 * products)).cwiseAbs().maxCoeff(), 1e-6);
}

TEST(FeedbackThatLearns, LeavesOutWhatTheNeuronAboveExplainsUnderOjasRule) {
  OjasFeedback::Params rule;
  rule.rate = 0.2;
  rule.decay = 0.5;
  LayerFeedback feedback(weights_above(), learning_by(rule), 7, 2);
  const WeightMatrix<double> before = stored(feedback);
  const Batch batch(kBelow, kAbove, 3, 31);
  feedback.learn(batch.x, batch.y, batch.shares);
  WeightMatrix<double> expected = 0.9 * before;
  for (Eigen::Index k = 0; k < 3; ++k) {
    for (Eigen::Index i = 0; i < index(kAbove); ++i) {
      const double y = double{batch.y(i, k)};
      expected.row(i) += 0.2 / 3.0 * y * (batch.x.col(k).cast<double>().transpose() - y * before.row(i));
    }
  }
  EXPECT_LT((stored(feedback) - expected).cwiseAbs().maxCoeff(), 1e-6);
}

TEST(FeedbackThatLearns, DoesSoByItsOwnRuleOnly) {
  const GroupedWeights forward = weights_above();
  const Batch batch(kBelow, kAbove, 3, 32);
  for_each_entry(FeedbackRules(), [&]<class Rule>() {
    LayerFeedback feedback(forward, learning_by(typename Rule::Params{}), 7, 2);
    const std::vector<float> drawn = feedback.values();
    const auto moved = [&] {
      const bool has = feedback.values() != drawn;
      feedback.assign(drawn);
      return has;
    };
    constexpr bool mirrors = std::is_same_v<Rule, WeightMirror>;
    constexpr bool follows = std::is_same_v<Rule, KolenPollack>;
    constexpr bool by_activities =
        std::is_same_v<Rule, HebbianFeedback> || std::is_same_v<Rule, OjasFeedback>;
    feedback.learn(batch.x, batch.y, batch.shares);
    EXPECT_EQ(moved(), by_activities) << Rule::name;
    feedback.learn_from_noise(forward, 3, 1);
    EXPECT_EQ(moved(), mirrors) << Rule::name;
    feedback.learn_from_errors(batch.x, batch.step, 0.1);
    EXPECT_EQ(moved(), follows) << Rule::name;
    EXPECT_EQ(feedback.follower().has_value(), follows) << Rule::name;
  });
}

TEST(DirectFeedback, FollowsTheProductOfErrorsAndAnswersUnderKolenAndPollacksRule) {
  KolenPollack::Params rule;
  rule.decay = 0.5;
  LayerFeedback feedback(GroupedWeights(kAbove, kBelow), learning_by(rule), 7, 2);
  const WeightMatrix<double> before = stored(feedback);
  const Batch batch(kBelow, kAbove, 3, 33);
  feedback.learn_from_errors(batch.x, batch.step, 0.2);
  const WeightMatrix<double> products = batch.step.cast<double>() * batch.x.cast<double>().transpose();
  EXPECT_LT((stored(feedback) - (0.9 * before + 0.2 * products)).cwiseAbs().maxCoeff(), 2e-6);
}

TEST(WeightMirror, ComesToPointAlongTheForwardWeights) {
  const GroupedWeights forward = weights_above();
  LayerFeedback feedback(forward, learning_by(WeightMirror::Params{}), 7, 2);
  EXPECT_GT(*feedback.angle(forward), 80.0);
  // Each update adds W C, where C is the covariance of its noise. Over 1200 updates of 64 images what is not
  // on its diagonal has a deviation of 1 / root of 76 800 of what is; over 100 neurons below that is an angle
  // of atan(root of 100 / 76 800), 2 degrees. The weights it was drawn with (0.1 / root of 100 = 0.01) add
  // one of 0.01 / (1200 0.01 0.1^2 / 12) = 1 over the forward weights, 45 degrees, so they are taken away here.
  feedback.assign(std::vector<float>(kAbove * kBelow, 0.0F));
  for (std::uint64_t update = 1; update <= 1200; ++update) feedback.learn_from_noise(forward, 64, update);
  EXPECT_LT(*feedback.angle(forward), 5.0);
  // The variance of uniform noise of range 0.1 is 0.01 / 12.
  const WeightMatrix<double> b = stored(feedback), w = matrix_of(forward);
  EXPECT_NEAR(b.cwiseProduct(w).sum() / w.squaredNorm(), 1200 * 0.01 * 0.01 / 12.0, 5e-4);
}

TEST(WeightMirror, ForgetsWhereItBeganIfItDecays) {
  WeightMirror::Params rule;
  rule.rate = 0.5;
  rule.decay = 0.02;
  rule.noise = 2.0;
  const GroupedWeights forward = weights_above();
  LayerFeedback feedback(forward, learning_by(rule), 7, 2);
  // What it had at first decays to e^-10. It ends at W times the variance, 1/3, over the decay, as a mean whose
  // weights fall by 1 % an update: it is as good as one over 199 updates of 64 images, which leaves an angle of
  // atan(root of 100 / 12 736), 5 degrees.
  for (std::uint64_t update = 1; update <= 1000; ++update) feedback.learn_from_noise(forward, 64, update);
  EXPECT_LT(*feedback.angle(forward), 7.0);
  const WeightMatrix<double> b = stored(feedback), w = matrix_of(forward);
  EXPECT_NEAR(b.cwiseProduct(w).sum() / w.squaredNorm(), 1.0 / 3.0 / 0.02, 0.5);
}

TEST(WeightMirror, DrawsTheSameNoiseForAnUpdateWhatWentBefore) {
  const GroupedWeights forward = weights_above();
  const auto after = [&](std::vector<std::uint64_t> updates) {
    LayerFeedback feedback(forward, learning_by(WeightMirror::Params{}), 7, 2);
    std::vector<float> drawn;
    for (const std::uint64_t update : updates) {
      feedback.assign(std::vector<float>(kAbove * kBelow, 0.0F));
      feedback.learn_from_noise(forward, 4, update);
    }
    return feedback.values();
  };
  EXPECT_EQ(after({5}), after({1, 2, 5}));
  EXPECT_NE(after({5}), after({6}));
}

/// One hidden layer that learns in the general form.
template <class Rule>
RateNetwork taught_by(const FeedbackRules::Chosen& feedback_rule, const FeedbackMatrices::Chosen& matrix) {
  RateParams params;
  params.batch = 5;
  params.optimiser = Adam::Params{};
  params.loss = CrossEntropy::Params{};
  typename Rule::Params rule;
  rule.feedback = matrix;
  rule.feedback_rule = feedback_rule;
  params.hidden.rule = rule;
  const ReceptiveFields bank = make_random_fields({}, {.size = 80, .patch = 5, .scale = 0.5}, kScene, 3);
  return {params, &bank, kScene.pixels(), kSceneClasses, 7};
}

TEST(DirectFeedback, OfOneHiddenLayerIsFeedbackAlignment) {
  const ImageSet images = random_images(50, 8);
  const auto after = [&](RateNetwork net) {
    std::vector<std::uint8_t> predicted(images.size());
    net.learn(presentations(images, 1e-3), predicted);
    std::vector<NamedArray> state = net.arrays();
    state.push_back({"weights", {}, *net.learned_weights(1)});
    return state;
  };
  // Kolen and Pollack's rule is not among them: direct feedback follows errors, the other the weights above.
  const std::vector<FeedbackRules::Chosen> rules = {FixedFeedback::Params{}, HebbianFeedback::Params{},
                                                    OjasFeedback::Params{}, WeightMirror::Params{}};
  for (const FeedbackRules::Chosen& rule : rules) {
    for (const FeedbackMatrices::Chosen matrix : {FeedbackMatrices::Chosen(RandomFeedback::Params{}),
                                                  FeedbackMatrices::Chosen(BinarySigns::Params{})}) {
      EXPECT_TRUE(after(taught_by<FeedbackAlignment>(rule, matrix)) ==
                  after(taught_by<DirectFeedbackAlignment>(rule, matrix)))
          << rule.index() << ", " << matrix.index();
    }
  }
}

}  // namespace
}  // namespace shallows
