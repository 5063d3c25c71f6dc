#include <gtest/gtest.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>

#include <cstddef>
#include <vector>

#include "sim/layer/lif_layer.hpp"
#include "tests/sim/instruction_sets.hpp"
#include "tests/sim/layer/layer_cases.hpp"

namespace shallows {
namespace {

template <class Real>
class LifLayerThreads : public ::testing::Test {
 protected:
  LifLayerThreads() {
    Rng rng(21, Purpose::tests, 0);
    layer_case_ = random_layer(100, 1500, Wiring::window, 3.0, rng);
    arrivals_ = random_arrivals(3000, 100, kDuration, 0.0, rng);
  }

  struct Result {
    typename LifLayer<Real>::State state;
    SpikeTrain spikes;
  };

  /// Two presentations in a row.
  Result run() const {
    const LifLayer<Real> layer = layer_case_.template fast<Real>();
    Result result{layer.initial_state(layer_case_.initial_mV), {}};
    layer.run(arrivals_, kDuration, result.state, result.spikes);
    layer.run(arrivals_, kDuration, result.state, result.spikes);
    return result;
  }

  static constexpr TimeMs kDuration = 300.0;
  LayerCase layer_case_;
  SpikeTrain arrivals_;
};
using Precisions = ::testing::Types<float, double>;
TYPED_TEST_SUITE(LifLayerThreads, Precisions);

TYPED_TEST(LifLayerThreads, GiveTheSameBitsWhateverTheirNumber) {
  std::vector<typename LifLayerThreads<TypeParam>::Result> results;
  for (const std::size_t threads : {1U, 2U, 4U}) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    results.push_back(this->run());
  }
  ASSERT_GT(results[0].spikes.size(), 1000U);
  for (std::size_t i = 1; i < results.size(); ++i) {
    EXPECT_EQ(results[i].spikes, results[0].spikes);
    EXPECT_EQ(results[i].state, results[0].state);
  }
}

TYPED_TEST(LifLayerThreads, MayShareALayer) {
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, 4);
  const LifLayer<TypeParam> layer = this->layer_case_.template fast<TypeParam>();
  const SpikeTrain expected =
      run_once(layer, this->layer_case_, this->arrivals_, LifLayerThreads<TypeParam>::kDuration);
  std::vector<SpikeTrain> spikes(8);
  tbb::parallel_for(std::size_t{0}, spikes.size(), [&](std::size_t i) {
    spikes[i] = run_once(layer, this->layer_case_, this->arrivals_, LifLayerThreads<TypeParam>::kDuration);
  });
  for (const SpikeTrain& train : spikes) EXPECT_EQ(train, expected);
}

TYPED_TEST(LifLayerThreads, AndInstructionSetsGiveTheSameBits) {
  const auto expected = this->run();
  for (const auto& [name, targets] : lesser_machines()) {
    const PretendMachine machine(targets);
    const auto got = this->run();
    EXPECT_EQ(got.spikes, expected.spikes) << name;
    EXPECT_EQ(got.state, expected.state) << name;
  }
}

}  // namespace
}  // namespace shallows
