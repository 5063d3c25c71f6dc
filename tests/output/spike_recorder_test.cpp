#include "output/record/spike_recorder.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "sim/core/error.hpp"
#include "tests/output/temporary_directory.hpp"

namespace shallows {
namespace {

SpikeTrain train_of(std::vector<Spike> spikes) { return SpikeTrain::from_unsorted(std::move(spikes)); }

std::vector<std::uint64_t> ids(const h5::File& file, const std::string& population) {
  return file.read<std::uint64_t>("/spikes/" + population + "/node_ids");
}

std::vector<double> times(const h5::File& file, const std::string& population) {
  return file.read<double>("/spikes/" + population + "/timestamps");
}

using Offsets = std::vector<std::uint64_t>;

TEST(SpikeRecorder, ShiftsTrialsAndKeepsTheirRanges) {
  const TemporaryDirectory directory;
  h5::File file = h5::File::create(directory / "a.h5");
  SpikeRecorder recorder(file, {{"input", 784}, {"hidden", 100}, {"readout", 10}}, 2);
  const SpikeTrain input = train_of({{1.0, 5}, {1.0, 3}, {2.5, 700}});
  const SpikeTrain later = train_of({{0.0, 1}, {50.0, 2}});
  const SpikeTrain none;
  const SpikeTrain* first[] = {&input, nullptr, &none};
  const SpikeTrain* third[] = {&later, nullptr, &later};
  recorder.trial({.start_ms = 100,
                  .stop_ms = 150,
                  .sample = 7,
                  .label = 3,
                  .predicted = 1,
                  .phase = Phase::test,
                  .scores = {1.5f, 2.0f}},
                 first);
  recorder.trial({.start_ms = 150, .stop_ms = 200, .sample = 8, .label = 4}, {});
  recorder.trial({.start_ms = 250, .stop_ms = 300, .sample = 9, .phase = Phase::validation}, third);
  recorder.finish();

  EXPECT_EQ(times(file, "input"), (std::vector<double>{101.0, 101.0, 102.5, 250.0, 300.0}));
  EXPECT_EQ(ids(file, "input"), (std::vector<std::uint64_t>{3, 5, 700, 1, 2}));
  EXPECT_TRUE(times(file, "hidden").empty());
  EXPECT_TRUE(ids(file, "hidden").empty());
  EXPECT_EQ(file.read<std::uint64_t>("/trials/offsets_input"), (Offsets{0, 3, 3, 5}));
  EXPECT_EQ(file.read<std::uint64_t>("/trials/offsets_hidden"), (Offsets{0, 0, 0, 0}));
  EXPECT_EQ(file.read<std::uint8_t>("/trials/recorded_readout"), (std::vector<std::uint8_t>{1, 0, 1}));

  EXPECT_EQ(file.attribute_as<std::uint64_t>("/", "magic"), 0x0A7Au);
  EXPECT_EQ(file.attribute("/", "version"), h5::AttributeValue(std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(file.attribute_as<std::string>("/spikes/input", "sorting"), "by_time");
  EXPECT_EQ(file.attribute_as<std::string>("/spikes/input/timestamps", "units"), "ms");
  EXPECT_EQ(file.attribute_as<std::uint64_t>("/spikes/hidden", "size"), 100u);
  EXPECT_EQ(file.attribute_as<double>("/spikes/input", "t_start"), 100.0);
  EXPECT_EQ(file.attribute_as<double>("/spikes/input", "t_stop"), 300.0);
  EXPECT_EQ(file.children("/spikes").size(), 3u) << "only populations, for libsonata";

  const Trials trials(file);
  ASSERT_EQ(trials.count(), 3u);
  const TrialInfo trial = trials.read(0);
  EXPECT_EQ(trial.sample, 7u);
  EXPECT_EQ(trial.label, 3);
  EXPECT_EQ(trial.predicted, 1);
  EXPECT_EQ(trial.phase, Phase::test);
  EXPECT_EQ(trial.scores, (std::vector<float>{1.5f, 2.0f}));
  EXPECT_EQ(trials.read(1).predicted, no_class);
  EXPECT_TRUE(std::isnan(trials.read(1).scores[0]));
  EXPECT_NE(message_of([&] { trials.read(3); }).find("no trial 3 (it has 0 to 2)"), std::string::npos);
}

TEST(SpikeRecorder, ATrialLargerThanTheBufferArrivesWhole) {
  const TemporaryDirectory directory;
  h5::File file = h5::File::create(directory / "a.h5");
  SpikeRecorder recorder(file, {{"a", 1000}, {"b", 1000}}, 0);
  constexpr std::size_t size = 2'300'000;
  SpikeTrain large;
  large.assign_sorted(size, [](std::span<TimeMs> t, std::span<NeuronId> s) {
    for (std::size_t i = 0; i < size; ++i) {
      t[i] = 1e-5 * static_cast<double>(i);
      s[i] = static_cast<NeuronId>(i % 1000);
    }
  });
  const SpikeTrain* trains[] = {&large, &large};
  recorder.trial({.start_ms = 0, .stop_ms = 100}, trains);
  recorder.trial({.start_ms = 100, .stop_ms = 200}, trains);
  recorder.finish();
  EXPECT_EQ(recorder.spikes(1), 2 * size);
  EXPECT_EQ(file.read<std::uint64_t>("/trials/offsets_b"), (Offsets{0, size, 2 * size}));
  const auto all = times(file, "b");
  ASSERT_EQ(all.size(), 2 * size);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  EXPECT_EQ(all[size + 12345], 100.0 + 1e-5 * 12345);
  EXPECT_EQ(ids(file, "a")[size + 12345], 345u);
}

TEST(SpikeRecorder, ManyTrialsWithoutSpikesStaySmall) {
  const TemporaryDirectory directory;
  h5::File file = h5::File::create(directory / "a.h5");
  SpikeRecorder recorder(file, {{"readout", 10}}, 10);
  constexpr std::uint32_t count = 200'000;
  for (std::uint32_t i = 0; i < count; ++i) {
    recorder.trial(
        {.start_ms = 150.0 * i, .stop_ms = 150.0 * (i + 1), .sample = i, .label = std::uint8_t(i % 10)}, {});
  }
  recorder.finish();
  file.close();
  const h5::File read = h5::File::open(directory / "a.h5");
  EXPECT_EQ(Trials(read).count(), count);
  EXPECT_EQ(Trials(read).read(123'457).sample, 123'457u);
  EXPECT_LT(std::filesystem::file_size(directory / "a.h5"), 20 * count);
}

TEST(SpikeRecorder, AFlushedFileCanBeReadThoughTheProgramDies) {
  const TemporaryDirectory directory;
  h5::File file = h5::File::create(directory / "a.h5");
  SpikeRecorder recorder(file, {{"a", 3}}, 0);
  const SpikeTrain spikes = train_of({{1.0, 2}});
  const SpikeTrain* trains[] = {&spikes};
  recorder.trial({.start_ms = 0, .stop_ms = 10}, trains);
  recorder.flush();
  std::filesystem::copy_file(directory / "a.h5", directory / "copy.h5");
  const h5::File copy = h5::File::open(directory / "copy.h5");
  EXPECT_EQ(times(copy, "a"), std::vector<double>{1.0});
  EXPECT_EQ(Trials(copy).offsets("a", 0, 1), (Offsets{0, 1}));
}

}  // namespace
}  // namespace shallows
