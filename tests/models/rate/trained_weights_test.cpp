// What becomes of the increments of rules before and while they reach the weights: modifiers, optimisers,
// feedback that follows.
#include "models/rate/layers/trained_weights.hpp"

#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "tests/models/rate/lessons.hpp"
#include "tests/models/scenes.hpp"

namespace shallows {
namespace {

/// Two groups of neurons.
constexpr std::size_t kNeurons = 70, kSources = 11, kImages = 5;

TrainedWeights from(GroupedWeights weights, const RuleModifiers& modifiers = {},
                    const OptimiserChoice& optimiser = {}) {
  std::vector<float> biases(static_cast<std::size_t>(weights.neurons()), 0.0F);
  return {std::move(weights), std::move(biases), modifiers, optimiser};
}

/// Weights that begin with 0, so that after an update at the rate 1 they are what it asked for, without rounding.
TrainedWeights from_zero(const RuleModifiers& modifiers = {}) {
  return from(GroupedWeights(kNeurons, kSources), modifiers);
}

Batch batch_of(std::uint64_t stream) { return {kSources, kNeurons, kImages, stream}; }

/// What Hebb's rule asks for.
WeightMatrix<double> hebbian(const Batch& batch) {
  TrainedWeights trained = from_zero();
  trained.learn(Hebb::Params{}, batch.lesson(1.0));
  return matrix_of(trained.weights());
}

double largest_difference(const WeightMatrix<double>& a, const WeightMatrix<double>& b) {
  return (a - b).cwiseAbs().maxCoeff();
}

/// Of the order of some hundred sums of products of normal numbers in single precision.
constexpr double kRounding = 5e-6;

TEST(Thresholding, TakesTheMeanOfEarlierIncrements) {
  RuleModifiers modifiers;
  modifiers.thresholding = true;
  TrainedWeights trained = from_zero(modifiers);
  WeightMatrix<double> sum = WeightMatrix<double>::Zero(kNeurons, kSources);
  WeightMatrix<double> before = sum;
  for (std::uint64_t t = 0; t < 4; ++t) {
    const Batch batch = batch_of(t);
    const WeightMatrix<double> asked = hebbian(batch);
    trained.learn(Hebb::Params{}, batch.lesson(1.0));
    const WeightMatrix<double> now = matrix_of(trained.weights());
    if (t == 0)
      EXPECT_EQ(now, asked);
    else
      EXPECT_LT(largest_difference(now - before, asked - sum / static_cast<double>(t)), kRounding) << t;
    before = now;
    sum += asked;
  }
}

TEST(Thresholding, MakesAnUpdateThatComesAgainWithoutEffect) {
  RuleModifiers modifiers;
  modifiers.thresholding = true;
  TrainedWeights trained = from_zero(modifiers);
  const Batch batch = batch_of(0);
  trained.learn(Hebb::Params{}, batch.lesson(1.0));
  const WeightMatrix<double> once = matrix_of(trained.weights());
  for (int t = 0; t < 3; ++t) trained.learn(Hebb::Params{}, batch.lesson(1.0));
  EXPECT_EQ(matrix_of(trained.weights()), once);
}

TEST(Sparsity, KeepsThePartWithTheLargestIncrementsAndNoOther) {
  const Batch batch = batch_of(1);
  const WeightMatrix<double> asked = hebbian(batch);
  for (const SparsityBy by : {SparsityBy::magnitude, SparsityBy::value}) {
    const std::function<double(double)> size =
        by == SparsityBy::magnitude ? [](double d) { return std::abs(d); } : [](double d) { return d; };
    std::vector<double> sizes;
    for (Eigen::Index i = 0; i < asked.size(); ++i) sizes.push_back(size(asked.data()[i]));
    std::ranges::sort(sizes, std::greater());
    for (const double part : {1e-4, 0.01, 0.1, 0.3, 0.5, 0.9, 0.9999}) {
      RuleModifiers modifiers;
      modifiers.sparsity = part;
      modifiers.sparsity_by = by;
      TrainedWeights trained = from_zero(modifiers);
      trained.learn(Hebb::Params{}, batch.lesson(1.0));
      const auto kept = static_cast<std::size_t>(std::ceil(part * static_cast<double>(sizes.size())));
      const double least = sizes[kept - 1];
      WeightMatrix<double> expected = asked;
      for (double& d : expected.reshaped()) d = size(d) >= least ? d : 0.0;
      EXPECT_EQ(matrix_of(trained.weights()), expected) << part << ", order " << static_cast<int>(by);
    }
  }
}

TEST(Sparsity, KeepsWhatIsNotANumber) {
  for (const SparsityBy by : {SparsityBy::magnitude, SparsityBy::value}) {
    for (const float sign : {1.0F, -1.0F}) {
      RuleModifiers modifiers;
      modifiers.sparsity = 0.01;
      modifiers.sparsity_by = by;
      TrainedWeights trained = from_zero(modifiers);
      Batch batch = batch_of(1);
      batch.y(3, 0) = std::copysign(std::numeric_limits<float>::quiet_NaN(), sign);
      trained.learn(Hebb::Params{}, batch.lesson(1.0));
      EXPECT_TRUE(std::isnan(trained.largest_weight())) << "order " << static_cast<int>(by) << ", " << sign;
    }
  }
}

TEST(Sparsity, KeepsIncrementsThatAreEqual) {
  RuleModifiers modifiers;
  modifiers.sparsity = 0.01;
  TrainedWeights trained = from_zero(modifiers);
  Batch batch = batch_of(1);
  batch.x.setOnes();
  batch.y.setOnes();
  trained.learn(Hebb::Params{}, batch.lesson(1.0));
  EXPECT_GT(matrix_of(trained.weights()).minCoeff(), 0.9);
}

TEST(Sparsity, ComesAfterThresholding) {
  RuleModifiers thresholding;
  thresholding.thresholding = true;
  RuleModifiers both = thresholding;
  both.sparsity = 0.2;
  TrainedWeights dense = from_zero(thresholding), sparse = from_zero(both);
  for (std::uint64_t t = 0; t < 2; ++t) {
    const Batch batch = batch_of(t);
    const WeightMatrix<double> dense_before = matrix_of(dense.weights()),
                               sparse_before = matrix_of(sparse.weights());
    dense.learn(Hebb::Params{}, batch.lesson(1.0));
    sparse.learn(Hebb::Params{}, batch.lesson(1.0));
    const WeightMatrix<double> asked = matrix_of(dense.weights()) - dense_before,
                               made = matrix_of(sparse.weights()) - sparse_before;
    // What was kept is what thresholding alone makes of it: the mean is of all increments, kept or not.
    double least_kept = 1e9, largest_dropped = 0.0;
    for (Eigen::Index i = 0; i < made.size(); ++i) {
      if (made.data()[i] == 0.0) {
        largest_dropped = std::max(largest_dropped, std::abs(asked.data()[i]));
        continue;
      }
      least_kept = std::min(least_kept, std::abs(made.data()[i]));
      EXPECT_NEAR(made.data()[i], asked.data()[i], kRounding);
    }
    EXPECT_LT(largest_dropped, least_kept + kRounding) << t;
    EXPECT_EQ((made.array() != 0.0).count(), 154) << t;  // a fifth of 770
  }
}

TEST(AddedRule, IsAddedWithItsFactorOfEitherSign) {
  const Batch batch = batch_of(2);
  const GroupedWeights start = dense_weights(kNeurons, kSources, 900);
  const WeightMatrix<double> w = matrix_of(start);
  const RateMatrix<double> x = batch.x.cast<double>(), y = batch.y.cast<double>(),
                           step = batch.step.cast<double>();
  const WeightMatrix<double> products = y * x.transpose() / double{kImages};
  const WeightMatrix<double> own = (y.cwiseProduct(y).rowwise().sum() / double{kImages}).asDiagonal() * w;
  const WeightMatrix<double> of_all = y * (w.transpose() * y).transpose() / double{kImages};
  const std::vector<std::pair<AddedRules::Chosen, WeightMatrix<double>>> rules = {
      {NoRule::Params{}, WeightMatrix<double>::Zero(kNeurons, kSources)},
      {Hebb::Params{}, products},
      {Oja::Params{}, products - own},
      {OjaSubspace::Params{}, products - of_all}};
  for (const auto& [rule, added] : rules) {
    for (const double factor : {0.3, -0.3}) {
      RuleModifiers modifiers;
      modifiers.added_rule = rule;
      modifiers.added_factor = factor;
      TrainedWeights trained = from(start, modifiers);
      trained.learn(Backprop::Params{}, batch.lesson(0.5));
      const WeightMatrix<double> expected = w + 0.5 * (step * x.transpose() + factor * added);
      EXPECT_LT(largest_difference(matrix_of(trained.weights()), expected), 2.0 * kRounding)
          << rule.index() << ", " << factor;
    }
  }
}

TEST(LearningRateFactor, TurnsARuleRoundIfItIsNegative) {
  const Batch batch = batch_of(3);
  Hebb::Params against;
  against.learning_rate_factor = -0.5;  // exact, so that nothing is rounded
  TrainedWeights trained = from_zero();
  trained.learn(against, batch.lesson(1.0));
  EXPECT_EQ(matrix_of(trained.weights()), WeightMatrix<double>(-0.5 * hebbian(batch)));
}

TEST(KrotovHopfieldLayer, ChangesTheWeightThatChangesMostByTheRate) {
  const Batch batch = batch_of(4);
  KrotovHopfieldParams rule;
  rule.learning_rate_factor = 2.0;
  TrainedWeights trained = from_zero();
  trained.learn(rule, batch.lesson(0.25));
  EXPECT_EQ(trained.largest_weight(), 0.5F);
}

TEST(KrotovHopfieldLayer, CompetesAmongAllNeuronsThatSeeTheSame) {
  // The two groups of a dense layer, and the populations of a local one: an image teaches two neurons of each.
  Batch one(kSources, kNeurons, 1, 5);
  std::vector<Eigen::Index> order(kNeurons);
  for (std::size_t i = 0; i < kNeurons; ++i) order[i] = index(i);
  std::ranges::sort(order, [&](auto i, auto j) { return one.a(i, 0) > one.a(j, 0); });
  TrainedWeights dense = from_zero();
  dense.learn(KrotovHopfieldParams{}, one.lesson(1.0));
  std::set<Eigen::Index> changed;
  const WeightMatrix<double> w = matrix_of(dense.weights());
  for (Eigen::Index i = 0; i < w.rows(); ++i) {
    if (!w.row(i).isZero(0.0)) changed.insert(i);
  }
  EXPECT_EQ(changed, (std::set{order[0], order[1]}));

  Synapses synapses;
  synapses.source_count = kSources;
  for (NeuronId i = 0; i < kNeurons; ++i) {
    for (const NeuronId source : {i < 30 ? 0U : 4U, i < 30 ? 7U : 9U}) {
      synapses.sources.push_back(source);
      synapses.weights_mV.push_back(0.0F);
    }
    synapses.offsets.push_back(static_cast<std::uint32_t>(synapses.sources.size()));
  }
  TrainedWeights local = from(GroupedWeights(synapses));
  local.learn(KrotovHopfieldParams{}, one.lesson(1.0));
  const std::vector<float> values = local.weights().values();
  for (const auto& [first, end] : {std::pair{0U, 30U}, std::pair{30U, 70U}}) {
    std::ptrdiff_t moved = 0;
    for (std::size_t i = first; i < end; ++i) moved += values[2 * i] != 0.0F ? 1 : 0;
    EXPECT_EQ(moved, 2) << first;
  }
}

TEST(Biases, LearnTheErrorsOfTaughtRulesOnly) {
  const Batch batch = batch_of(6);
  TrainedWeights taught = from_zero(), alone = from_zero();
  taught.learn(Backprop::Params{}, batch.lesson(0.5));
  alone.learn(Oja::Params{}, batch.lesson(0.5));
  for (std::size_t i = 0; i < kNeurons; ++i)
    EXPECT_NEAR(taught.biases()[i], 0.5F * batch.step.row(index(i)).sum(), 1e-5F);
  EXPECT_EQ(alone.biases(), std::vector<float>(kNeurons, 0.0F));
}

TEST(Follower, ComesNearerByItsDecayAtEachUpdateWhateverTheOptimiser) {
  constexpr double kRate = 0.5, kDecay = 0.2;
  const std::vector<OptimiserChoice> optimisers = {Sgd::Params{}, Momentum::Params{}, RmsProp::Params{},
                                                   Adam::Params{}};
  for (const OptimiserChoice& optimiser : optimisers) {
    TrainedWeights trained = from(dense_weights(kNeurons, kSources, 901), {}, optimiser);
    GroupedWeights follower = dense_weights(kNeurons, kSources, 902);
    WeightMatrix<double> apart = matrix_of(trained.weights()) - matrix_of(follower);
    for (std::uint64_t t = 0; t < 3; ++t) {
      const WeightMatrix<double> before = matrix_of(follower);
      const Batch batch = batch_of(t);
      trained.learn(FeedbackAlignment::Params{}, batch.lesson(kRate), Follower{follower, kDecay});
      const WeightMatrix<double> now = matrix_of(trained.weights()) - matrix_of(follower);
      EXPECT_LT(largest_difference(now, (1.0 - kRate * kDecay) * apart), kRounding) << optimiser.index();
      EXPECT_GT(largest_difference(matrix_of(follower), before), 0.1);
      apart = now;
    }
  }
}

TEST(UpdateAngle, IsNoneOfBackpropagationToItself) {
  const Batch batch = batch_of(7);
  const RateMatrix<float> other = normal_numbers(kNeurons, kImages, 903);
  const auto angle = [&](double factor, const RateMatrix<float>* backprop) {
    Backprop::Params rule;
    rule.learning_rate_factor = factor;
    Lesson lesson = batch.lesson(0.1);
    lesson.backprop_step = backprop;
    TrainedWeights trained = from(dense_weights(kNeurons, kSources, 904));
    return trained.learn(rule, lesson);
  };
  EXPECT_FALSE(angle(1.0, nullptr));
  EXPECT_NEAR(*angle(1.0, &batch.step), 0.0, 1e-5);  // acos is steep near 1
  EXPECT_NEAR(*angle(-2.0, &batch.step), 180.0, 1e-5);
  EXPECT_NEAR(*angle(1.0, &other), 90.0, 30.0);  // two random matrices of rank 5
  const RateMatrix<float> none = RateMatrix<float>::Zero(kNeurons, kImages);
  EXPECT_FALSE(angle(1.0, &none));
}

/// All that there is, after some updates.
std::vector<NamedArray> state_of(const TrainedWeights& trained) {
  std::vector<NamedArray> state = trained.arrays("layer");
  state.push_back({"weights", {}, trained.weights().values()});
  return state;
}

RuleModifiers all_modifiers() {
  RuleModifiers modifiers;
  modifiers.added_rule = OjaSubspace::Params{};
  modifiers.added_factor = 0.1;
  modifiers.thresholding = true;
  modifiers.sparsity = 0.3;
  return modifiers;
}

template <class Rule>
class EveryRuleOfTrainedWeights : public testing::Test {};
template <class List>
struct RuleTypes;
template <class Fixed, class... Rules>
struct RuleTypes<List<Fixed, Rules...>> {
  using Types = testing::Types<Rules...>;
};
using RulesThatTrain = RuleTypes<HiddenRules>::Types;
TYPED_TEST_SUITE(EveryRuleOfTrainedWeights, RulesThatTrain);

TYPED_TEST(EveryRuleOfTrainedWeights, GivesTheSameBitsOnOneAndFourThreads) {
  constexpr std::size_t kMany = 300, kWide = 40;  // five groups
  for (const RuleModifiers& modifiers : {RuleModifiers{}, all_modifiers()}) {
    std::vector<std::vector<NamedArray>> ends;
    for (const std::size_t threads : {std::size_t{1}, std::size_t{4}}) {
      const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
      TrainedWeights trained = from(dense_weights(kMany, kWide, 905), modifiers, Adam::Params{});
      for (std::uint64_t t = 0; t < 3; ++t)
        trained.learn(typename TypeParam::Params{}, Batch(kWide, kMany, kImages, t).lesson(0.01));
      ends.push_back(state_of(trained));
    }
    EXPECT_TRUE(ends[0] == ends[1]);
  }
}

TYPED_TEST(EveryRuleOfTrainedWeights, GoesOnToTheSameBitsAfterARestore) {
  const OptimiserChoice optimiser = Adam::Params{};
  const auto learn = [](TrainedWeights& trained, std::uint64_t t) {
    trained.learn(typename TypeParam::Params{}, batch_of(t).lesson(0.01));
  };
  TrainedWeights whole = from(dense_weights(kNeurons, kSources, 906), all_modifiers(), optimiser);
  for (std::uint64_t t = 0; t < 2; ++t) learn(whole, t);
  TrainedWeights resumed = from(GroupedWeights(kNeurons, kSources), all_modifiers(), optimiser);
  resumed.assign(whole.weights().values());
  resumed.restore("layer", whole.arrays("layer"));
  EXPECT_TRUE(state_of(whole) == state_of(resumed));
  for (std::uint64_t t = 2; t < 5; ++t) {
    learn(whole, t);
    learn(resumed, t);
  }
  EXPECT_TRUE(state_of(whole) == state_of(resumed));
}

}  // namespace
}  // namespace shallows
