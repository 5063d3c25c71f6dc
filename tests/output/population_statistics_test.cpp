#include "output/view/population_statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "output/record/spike_recorder.hpp"
#include "sim/core/error.hpp"
#include "tests/output/temporary_directory.hpp"

namespace shallows {
namespace {

class Statistics : public ::testing::Test {
 protected:
  /// A SONATA file as other programs write it.
  template <class Time, class Id>
  h5::File foreign(const std::vector<Time>& times, const std::vector<Id>& ids) const {
    h5::File file = h5::File::create(directory_ / "foreign.h5");
    file.write("spikes/v1/timestamps", times);
    file.write("spikes/v1/node_ids", ids);
    return file;
  }

  TemporaryDirectory directory_;
};

TEST_F(Statistics, CountIntervalsWithinRecordedTrialsOnly) {
  h5::File file = h5::File::create(directory_ / "a.h5");
  SpikeRecorder recorder(file, {{"a", 4}, {"silent", 3}}, 0);
  // Intervals of neuron 0: 5 and 15 in each trial. Neuron 2 fires once per trial: no interval within it.
  SpikeTrain train;
  for (const auto& [time, id] : {std::pair{10.0, 0u}, {15.0, 0u}, {20.0, 2u}, {30.0, 0u}})
    train.append(time, id);
  const SpikeTrain none;
  const SpikeTrain* trains[] = {&train, &none};
  recorder.trial({.start_ms = 0, .stop_ms = 50}, trains);
  recorder.trial({.start_ms = 50, .stop_ms = 100}, {});
  recorder.trial({.start_ms = 100, .stop_ms = 150}, trains);
  recorder.finish();

  const auto a = population_statistics(file, "a");
  EXPECT_EQ(a.neurons, 4u);
  EXPECT_EQ(a.active, 2u);
  EXPECT_EQ(a.spikes, 8u);
  EXPECT_DOUBLE_EQ(a.recorded_ms, 100.0) << "the trial in the middle was not recorded";
  EXPECT_DOUBLE_EQ(a.mean_rate_hz, 20.0);
  EXPECT_EQ(a.intervals, 4u);
  EXPECT_DOUBLE_EQ(a.isi_mean_ms, 10.0);
  EXPECT_DOUBLE_EQ(a.isi_cv, 0.5);

  const auto silent = population_statistics(file, "silent");
  EXPECT_EQ(silent.spikes, 0u);
  EXPECT_EQ(silent.mean_rate_hz, 0.0);
  EXPECT_TRUE(std::isnan(silent.isi_cv));
  const std::vector<PopulationStatistics> both = {a, silent};
  EXPECT_NE(render_populations(both).find("10.000   0.500\n"), std::string::npos) << render_populations(both);
  EXPECT_EQ(nlohmann::json::parse(to_json(silent).dump())["isi_cv"], nullptr);
}

TEST_F(Statistics, ReadBeyondOneBlock) {
  h5::File file = h5::File::create(directory_ / "a.h5");
  SpikeRecorder recorder(file, {{"a", 10}}, 0);
  constexpr std::size_t size = 300'000;
  SpikeTrain train;
  for (std::size_t i = 0; i < size; ++i) train.append(static_cast<double>(i), static_cast<NeuronId>(i % 10));
  const SpikeTrain* trains[] = {&train};
  recorder.trial({.start_ms = 0, .stop_ms = size}, trains);
  recorder.trial({.start_ms = size, .stop_ms = 2 * size}, trains);
  recorder.finish();
  const auto a = population_statistics(file, "a");
  EXPECT_EQ(a.spikes, 2 * size);
  EXPECT_EQ(a.intervals, 2 * (size - 10));
  EXPECT_DOUBLE_EQ(a.isi_mean_ms, 10.0);
  EXPECT_NEAR(a.isi_cv, 0.0, 1e-12);
  EXPECT_DOUBLE_EQ(a.mean_rate_hz, 100.0);
}

TEST_F(Statistics, OfAForeignFileInAnyOrderAreTheSame) {
  const std::vector<double> by_time = {1, 2, 3, 4, 6, 8};
  const std::vector<std::uint64_t> by_time_ids = {0, 1, 0, 1, 1, 0};
  const std::vector<float> by_id = {1, 3, 8, 2, 4, 6};
  const std::vector<std::uint32_t> by_id_ids = {0, 0, 0, 1, 1, 1};
  const std::vector<double> unsorted = {8, 6, 1, 2, 4, 3};
  const std::vector<std::int64_t> unsorted_ids = {0, 1, 0, 1, 1, 0};
  std::vector<PopulationStatistics> all;
  {
    h5::File file = foreign(by_time, by_time_ids);
    all.push_back(population_statistics(file, "v1"));
  }
  {
    h5::File file = foreign(by_id, by_id_ids);
    all.push_back(population_statistics(file, "v1"));
  }
  {
    h5::File file = foreign(unsorted, unsorted_ids);
    all.push_back(population_statistics(file, "v1"));
  }
  {
    h5::File file = foreign(std::vector<double>{0.001, 0.002, 0.003, 0.004, 0.006, 0.008}, by_time_ids);
    file.write_attribute("spikes/v1/timestamps", "units", "s");
    all.push_back(population_statistics(file, "v1"));
  }
  for (const auto& statistics : all) {
    EXPECT_EQ(statistics.neurons, 2u);
    EXPECT_EQ(statistics.spikes, 6u);
    EXPECT_EQ(statistics.intervals, 4u);
    EXPECT_NEAR(statistics.isi_mean_ms, 11.0 / 4.0, 1e-12);  // 2, 5, 2, 2
    EXPECT_NEAR(statistics.isi_cv, std::sqrt(3 * 0.75 * 0.75 + 2.25 * 2.25) / 2.0 / 2.75, 1e-12);
    EXPECT_NEAR(statistics.recorded_ms, 8.0, 1e-12);
    EXPECT_NEAR(statistics.mean_rate_hz, 375.0, 1e-9);
  }
}

TEST_F(Statistics, SkipWhatIsNoPopulationAndNameThoseThereAre) {
  h5::File file = foreign(std::vector<double>{1.0}, std::vector<std::uint64_t>{0});
  file.create_group("spikes/empty");
  file.write("spikes/stray", std::vector<double>{1.0});
  EXPECT_EQ(spike_populations(file), std::vector<std::string>{"v1"});
  EXPECT_NE(message_of([&] { population_statistics(file, "v2"); }).find("no population 'v2' (it has v1)"),
            std::string::npos);
  h5::File empty = h5::File::create(directory_ / "empty.h5");
  EXPECT_TRUE(spike_populations(empty).empty());
  EXPECT_EQ(render_populations({}), "no spikes were recorded\n");
}

}  // namespace
}  // namespace shallows
