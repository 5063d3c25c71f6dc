// Closed forms of the rules that compete, that have an own bound, or that drop the slope, on numbers made by
// hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "plasticity/rates/hidden_rules.hpp"
#include "plasticity/rates/rate_batch.hpp"
#include "sim/core/rng.hpp"

namespace shallows {
namespace {

/// Two neurons, three inputs, two images. Activations and answers differ, so that no rule can take one for the
/// other without being noticed.
struct HandMade {
  RateMatrix<double> x{{0.5, 1.0}, {-1.0, 0.25}, {2.0, -0.5}};
  WeightMatrix<double> w{{0.3, 0.1, -0.2}, {0.4, 0.0, 0.6}};
  RateMatrix<double> a{{-0.3, 0.7}, {1.5, 0.2}};
  RateMatrix<double> y{{0.4, -0.6}, {1.2, 0.8}};
  RateMatrix<double> step{{0.1, -0.2}, {0.3, 0.05}};
  RateVector<double> rates{{0.01, 0.02}};

  RateBatch<double> batch() const { return {x, a, y, step, rates}; }
};

/// Compares an increment with what `by_hand` says of weight k of neuron i.
template <class ByHand>
void expect_increment(const WeightMatrix<double>& increment, ByHand&& by_hand) {
  ASSERT_EQ(increment.rows(), 2);
  ASSERT_EQ(increment.cols(), 3);
  for (Eigen::Index i = 0; i < 2; ++i) {
    for (Eigen::Index k = 0; k < 3; ++k) EXPECT_NEAR(increment(i, k), by_hand(i, k), 1e-15) << i << ", " << k;
  }
}

TEST(OjasRule, LeavesOutWhatTheNeuronItselfExplains) {
  const HandMade s;
  expect_increment(Oja::increment({}, s.batch(), s.w), [&](Eigen::Index i, Eigen::Index k) {
    double sum = 0.0;
    for (Eigen::Index image = 0; image < 2; ++image)
      sum += s.rates[image] * s.y(i, image) * (s.x(k, image) - s.y(i, image) * s.w(i, k));
    return sum;
  });
}

TEST(OjasRule, FindsTheFirstPrincipalComponentWithNormOne) {
  // Two inputs, of which x0 + x1 has variance 9 and x0 - x1 has 1. Near the end the angle is a random walk that
  // is drawn back: its variance is eta 9 1 / (2 (9 - 1)), a deviation of 0.017, of which the tolerance is four.
  // The squared norm lies eta / 2 above 1, and the next neuron, which learns alone, ends in the same place.
  constexpr double kRate = 5e-4;
  Rng rng(5, Purpose::tests, 1);
  WeightMatrix<double> w{{0.6, -0.5}, {-0.1, -0.3}};
  for (int t = 0; t < 8000; ++t) {
    const double along = 3.0 * rng.normal(), across = rng.normal();
    const std::vector<double> x = {(along + across) / std::sqrt(2.0), (along - across) / std::sqrt(2.0)};
    std::vector<double> y(2);
    linear_responses<double>(w, x, y);
    learn_from<Oja, double>(x, y, kRate, w);
  }
  for (Eigen::Index i = 0; i < 2; ++i) {
    EXPECT_NEAR(w.row(i).norm(), 1.0, 0.005);
    const double angle = std::atan2(w(i, 1), w(i, 0)) - std::numbers::pi / 4.0;
    EXPECT_LT(std::abs(std::sin(angle)), 0.07) << i;  // either direction will do
  }
}

TEST(OjasSubspaceRule, IsTheSameWithTheExplainedInputGiven) {
  const HandMade s;
  const RateMatrix<double> explained = s.w.transpose() * s.y;
  RateBatch<double> given = s.batch();
  given.explained = &explained;
  const WeightMatrix<double> without = OjaSubspace::increment({}, s.batch(), s.w);
  const WeightMatrix<double> with = OjaSubspace::increment({}, given, s.w);
  EXPECT_LT((with - without).cwiseAbs().maxCoeff(), 1e-15);
  EXPECT_GT(without.cwiseAbs().maxCoeff(), 1e-3);
}

TEST(OjasSubspaceRule, LearnsWhatIsExplainedByNeuronsThatItDoesNotHold) {
  // One of the two neurons alone, as in a group of a larger population.
  const HandMade s;
  const RateMatrix<double> explained = s.w.transpose() * s.y;
  const RateMatrix<double> a = s.a.bottomRows(1), y = s.y.bottomRows(1), step = s.step.bottomRows(1);
  const WeightMatrix<double> w = s.w.bottomRows(1);
  const RateBatch<double> part{s.x, a, y, step, s.rates, &explained};
  const WeightMatrix<double> all = OjaSubspace::increment({}, s.batch(), s.w);
  EXPECT_LT((OjaSubspace::increment({}, part, w) - all.bottomRows(1)).cwiseAbs().maxCoeff(), 1e-15);
}

RateMatrix<double> after_competing(const KrotovHopfieldParams& params, const RateMatrix<double>& a) {
  RateMatrix<double> g = RateMatrix<double>::Constant(a.rows(), a.cols(), 7.0);  // to be overwritten
  KrotovHopfield::compete(params, a, g);
  return g;
}

TEST(KrotovHopfield, TeachesTheWinnerAndUnteachesTheOneOfItsRank) {
  const RateMatrix<double> a{{0.1, 5.0}, {-3.0, 6.0}, {2.0, -1.0}, {1.0, -2.0}};
  KrotovHopfieldParams params;
  params.anti = 0.25;
  EXPECT_EQ(after_competing(params, a), (RateMatrix<double>{{0, -0.25}, {0, 1}, {1, 0}, {-0.25, 0}}));
  params.rank = 3;
  EXPECT_EQ(after_competing(params, a), (RateMatrix<double>{{-0.25, 0}, {0, 1}, {1, -0.25}, {0, 0}}));
}

TEST(KrotovHopfield, TakesTheLastNeuronWhereThereAreFewerThanTheRank) {
  KrotovHopfieldParams params;
  params.rank = 9;
  EXPECT_EQ(after_competing(params, RateMatrix<double>{{1}, {3}, {2}}),
            (RateMatrix<double>{{-0.4}, {1}, {0}}));
}

TEST(KrotovHopfield, LetsASingleNeuronWinOnly) {
  EXPECT_EQ(after_competing({}, RateMatrix<double>{{-2.0}}), RateMatrix<double>{{1.0}});
}

TEST(KrotovHopfield, RanksEqualActivationsByTheirPlace) {
  KrotovHopfieldParams params;
  const RateMatrix<double> a{{1}, {3}, {3}, {3}};
  EXPECT_EQ(after_competing(params, a), (RateMatrix<double>{{0}, {1}, {-0.4}, {0}}));
  params.rank = 3;
  EXPECT_EQ(after_competing(params, a), (RateMatrix<double>{{0}, {1}, {0}, {-0.4}}));
}

template <class Rule>
class CompetitiveRule : public testing::Test {};
using CompetitiveRules = testing::Types<KrotovHopfield, SoftHebb>;
TYPED_TEST_SUITE(CompetitiveRule, CompetitiveRules);

TYPED_TEST(CompetitiveRule, DecaysByTheActivationTimesWhatTheCompetitionSays) {
  const HandMade s;  // y in place of what a competition would have said
  expect_increment(TypeParam::increment({}, s.batch(), s.w), [&](Eigen::Index i, Eigen::Index k) {
    double sum = 0.0;
    for (Eigen::Index image = 0; image < 2; ++image)
      sum += s.rates[image] * s.y(i, image) * (s.x(k, image) - s.a(i, image) * s.w(i, k));
    return sum;
  });
}

RateMatrix<double> shares_of(const SoftHebbParams& params, const RateMatrix<double>& a) {
  RateMatrix<double> g = RateMatrix<double>::Constant(a.rows(), a.cols(), 7.0);
  SoftHebb::compete(params, a, g);
  return g;
}

TEST(SoftHebb, SharesAnInputByTheSoftmaxOfActivationsOverTheTemperature) {
  for (const double temperature : {1.0, 0.25, 10.0}) {
    SoftHebbParams params;
    params.temperature = temperature;
    params.anti_hebbian = false;
    // Powers of 1, 2 and 4, whatever is added to all activations.
    RateMatrix<double> a(3, 2);
    for (Eigen::Index j = 0; j < 3; ++j) {
      a(j, 0) = temperature * std::numbers::ln2 * static_cast<double>(j);
      a(2 - j, 1) = a(j, 0) - 20.0;
    }
    const RateMatrix<double> g = shares_of(params, a);
    for (Eigen::Index j = 0; j < 3; ++j) {
      const double share = std::exp2(static_cast<double>(j)) / 7.0;
      EXPECT_NEAR(g(j, 0), share, 1e-12);
      EXPECT_NEAR(g(2 - j, 1), share, 1e-12);
    }
  }
}

TEST(SoftHebb, UnteachesAllButTheWinnerIfItIsAntiHebbian) {
  const RateMatrix<double> a{{0.3, 1.0}, {-0.2, 1.0}, {0.9, -4.0}};
  SoftHebbParams params;
  params.anti_hebbian = false;
  const RateMatrix<double> plain = shares_of(params, a);
  params.anti_hebbian = true;
  const RateMatrix<double> anti = shares_of(params, a);
  EXPECT_GT(plain.minCoeff(), 0.0);
  EXPECT_EQ(anti.col(0), plain.col(0).cwiseProduct(RateVector<double>{{-1, -1, 1}}));
  EXPECT_EQ(anti.col(1), plain.col(1).cwiseProduct(RateVector<double>{{1, -1, -1}}));  // the first of equals
}

TEST(SoftHebb, GivesAllToTheWinnerWhereTheOthersAreFarBelow) {
  SoftHebbParams params;
  params.temperature = 1e-3;
  const RateMatrix<double> g = shares_of(params, RateMatrix<double>{{-1e6}, {1e6}, {0.0}});
  EXPECT_EQ(g(1, 0), 1.0);
  EXPECT_NEAR(g(0, 0), 0.0, 1e-300);
  EXPECT_NEAR(g(2, 0), 0.0, 1e-300);
}

TEST(HebbianDescent, MovesByErrorTimesInputInHebbsForm) {
  const HandMade s;
  expect_increment(HebbianDescent::increment({}, s.batch(), s.w), [&](Eigen::Index i, Eigen::Index k) {
    return s.step(i, 0) * s.x(k, 0) + s.step(i, 1) * s.x(k, 1);
  });
}

TEST(HebbianDescent, LeavesOutWhatTheNeuronExplainsInOjasForm) {
  const HandMade s;
  HebbianDescentParams params;
  params.form = DescentForm::oja;
  expect_increment(HebbianDescent::increment(params, s.batch(), s.w), [&](Eigen::Index i, Eigen::Index k) {
    double sum = 0.0;
    for (Eigen::Index image = 0; image < 2; ++image)
      sum += s.step(i, image) * (s.x(k, image) - s.y(i, image) * s.w(i, k));
    return sum;
  });
}

TEST(HebbianDescent, DropsTheSlopeUnlessToldOtherwise) {
  HebbianDescentParams params;
  EXPECT_FALSE(keeps_slope(HiddenRuleChoice{params}));
  params.keeps_slope = true;
  EXPECT_TRUE(keeps_slope(HiddenRuleChoice{params}));
  EXPECT_TRUE(keeps_slope(HiddenRuleChoice{Backprop::Params{}}));
}

}  // namespace
}  // namespace shallows
