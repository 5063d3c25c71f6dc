#include "models/rate/delta_readout.hpp"

#include <gtest/gtest.h>

#include <Eigen/Core>
#include <cmath>
#include <cstddef>
#include <vector>

#include "sim/core/rng.hpp"
#include "tests/sim/instruction_sets.hpp"

namespace shallows {
namespace {

/// The rule of docs/reference.md, rate networks, in double precision.
struct EigenReadout {
  Eigen::MatrixXd w;
  Eigen::VectorXd b;

  Eigen::VectorXd respond(const Eigen::VectorXd& x) const { return (w * x + b).cwiseMax(0.0); }

  void learn(const Eigen::VectorXd& x, Eigen::Index label, double learning_rate) {
    const Eigen::VectorXd a = w * x + b;
    const Eigen::VectorXd target = Eigen::VectorXd::Unit(b.size(), label);
    const Eigen::VectorXd delta =
        (target - a.cwiseMax(0.0)).cwiseProduct((a.array() > 0.0).cast<double>().matrix());
    w += learning_rate * delta * x.transpose();
    b += learning_rate * delta;
  }
};

struct Case {
  std::size_t inputs;
  std::size_t classes;
  std::vector<float> weights;
  std::vector<float> biases;

  DeltaReadout readout() const { return {inputs, weights, biases}; }
  EigenReadout eigen() const {
    using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const auto rows = static_cast<Eigen::Index>(classes);
    return {
        Eigen::Map<const RowMajor>(weights.data(), rows, static_cast<Eigen::Index>(inputs)).cast<double>(),
        Eigen::Map<const Eigen::VectorXf>(biases.data(), rows).cast<double>()};
  }
};

Case random_case(std::size_t inputs, std::size_t classes, Rng& rng) {
  Case made{inputs, classes, {}, {}};
  for (std::size_t k = 0; k < inputs * classes; ++k)
    made.weights.push_back(static_cast<float>(0.1 / std::sqrt(static_cast<double>(inputs)) * rng.normal()));
  for (std::size_t i = 0; i < classes; ++i)
    made.biases.push_back(static_cast<float>(rng.uniform(-0.02, 0.1)));
  return made;
}

/// Rectified features: about half are zero.
std::vector<float> random_input(std::size_t inputs, Rng& rng) {
  std::vector<float> x(inputs);
  for (float& value : x) value = static_cast<float>(std::max(0.0, rng.normal()));
  return x;
}

Eigen::VectorXd as_eigen(const std::vector<float>& x) {
  return Eigen::Map<const Eigen::VectorXf>(x.data(), static_cast<Eigen::Index>(x.size())).cast<double>();
}

TEST(DeltaReadout, LearnsAsTheMatrixEquationsDo) {
  Rng rng(101, Purpose::tests, 0);
  for (const std::size_t classes : {1U, 2U, 10U, 16U, 17U, 50U}) {
    for (const std::size_t inputs : {1U, 3U, 101U}) {
      const Case made = random_case(inputs, classes, rng);
      DeltaReadout readout = made.readout();
      EigenReadout expected = made.eigen();
      for (int update = 0; update < 300; ++update) {
        const std::vector<float> x = random_input(inputs, rng);
        const std::size_t label = rng.integer(static_cast<std::uint32_t>(classes));
        const double learning_rate = update < 150 ? 5e-3 : 1e-3;
        const std::vector<float> before = readout.respond(x);
        EXPECT_EQ(readout.learn(x, label, learning_rate), before) << "must return what it answered before";
        expected.learn(as_eigen(x), static_cast<Eigen::Index>(label), learning_rate);
      }
      const std::vector<float> weights = readout.weights();
      for (std::size_t i = 0; i < classes; ++i) {
        const auto row = static_cast<Eigen::Index>(i);
        EXPECT_NEAR(static_cast<double>(readout.biases()[i]), expected.b[row], 1e-5);
        for (std::size_t j = 0; j < inputs; ++j) {
          EXPECT_NEAR(static_cast<double>(weights[i * inputs + j]),
                      expected.w(row, static_cast<Eigen::Index>(j)), 1e-5);
        }
      }
      const std::vector<float> x = random_input(inputs, rng);
      const Eigen::VectorXd answer = expected.respond(as_eigen(x));
      for (std::size_t i = 0; i < classes; ++i) {
        EXPECT_NEAR(static_cast<double>(readout.respond(x)[i]), answer[static_cast<Eigen::Index>(i)], 1e-4);
      }
    }
  }
}

TEST(DeltaReadout, FollowsTheGradientOfTheSquaredErrorWhereItIsActive) {
  // L = |target - y|^2 / 2 is quadratic in each weight of an active unit, so a central difference is exact.
  Rng rng(102, Purpose::tests, 0);
  const std::size_t inputs = 9, classes = 4, label = 2;
  Case made = random_case(inputs, classes, rng);
  made.biases = {0.2F, -0.5F, 0.2F, 0.2F};  // one unit is not active
  const std::vector<float> x = random_input(inputs, rng);
  const auto loss = [&](const std::vector<float>& weights) {
    const std::vector<float> y = DeltaReadout(inputs, weights, made.biases).respond(x);
    double sum = 0.0;
    for (std::size_t i = 0; i < classes; ++i) sum += std::pow((i == label ? 1.0 : 0.0) - y[i], 2.0) / 2.0;
    return sum;
  };
  DeltaReadout readout = made.readout();
  const std::vector<float> y = readout.learn(x, label, 1.0);
  const std::vector<float> after = readout.weights();
  std::size_t active = 0;
  for (std::size_t i = 0; i < classes; ++i) {
    if (y[i] < 0.02F) continue;  // near the kink a difference tells nothing
    ++active;
    for (std::size_t j = 0; j < inputs; ++j) {
      const float step = 0.005F;
      std::vector<float> up = made.weights, down = made.weights;
      up[i * inputs + j] += step;
      down[i * inputs + j] -= step;
      const double width =
          static_cast<double>(up[i * inputs + j]) - static_cast<double>(down[i * inputs + j]);
      const double gradient = (loss(up) - loss(down)) / width;
      EXPECT_NEAR(static_cast<double>(after[i * inputs + j] - made.weights[i * inputs + j]), -gradient, 1e-4);
    }
  }
  EXPECT_EQ(active, 3U);
}

TEST(DeltaReadout, LearnsNothingInAUnitThatIsNotActive) {
  DeltaReadout readout(2, std::vector{-1.0F, 0.0F, 1.0F, 0.0F, 0.0F, 0.0F}, std::vector{0.5F, 0.0F, 0.0F});
  // Activations -0.5, 1 and 0 on x = (1, 2); the target is the first unit.
  const std::vector<float> y = readout.learn(std::vector{1.0F, 2.0F}, 0, 0.1);
  EXPECT_EQ(y, (std::vector{0.0F, 1.0F, 0.0F}));
  const std::vector<float> expected = {-1.0F, 0.0F, 0.9F, -0.2F, 0.0F, 0.0F};
  for (std::size_t k = 0; k < expected.size(); ++k) EXPECT_FLOAT_EQ(readout.weights()[k], expected[k]);
  EXPECT_EQ(readout.biases()[0], 0.5F);
  EXPECT_FLOAT_EQ(readout.biases()[1], -0.1F);
  EXPECT_EQ(readout.biases()[2], 0.0F);
}

TEST(DeltaReadout, LearnsToTheSameBitsWithEveryInstructionSet) {
  const auto course = [] {
    Rng rng(103, Purpose::tests, 0);
    DeltaReadout readout = random_case(77, 20, rng).readout();
    for (int update = 0; update < 100; ++update) readout.learn(random_input(77, rng), rng.integer(20), 5e-3);
    return readout.weights();
  };
  const std::vector<float> expected = course();
  for (const auto& [name, targets] : lesser_machines()) {
    const PretendMachine machine(targets);
    EXPECT_EQ(course(), expected) << name;
  }
}

TEST(DeltaReadout, TakesBackItsWeightsAndBiases) {
  Rng rng(104, Purpose::tests, 0);
  DeltaReadout readout = random_case(30, 17, rng).readout();
  readout.learn(random_input(30, rng), 3, 5e-3);
  DeltaReadout other = random_case(30, 17, rng).readout();
  ASSERT_NE(other.weights(), readout.weights());
  other.restore(readout.weights(), readout.biases());
  EXPECT_EQ(other.weights(), readout.weights());
  EXPECT_EQ(other.biases(), readout.biases());
  const std::vector<float> x = random_input(30, rng);
  EXPECT_EQ(other.respond(x), readout.respond(x));
}

}  // namespace
}  // namespace shallows
