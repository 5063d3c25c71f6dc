#include "output/view/raster.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "output/record/spike_recorder.hpp"
#include "tests/output/temporary_directory.hpp"

namespace shallows {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(Raster, GivesEveryNeuronOfASmallLayerItsOwnLine) {
  const RasterLayer layer{
      .population = "readout", .neurons = 3, .times_ms = {0.0, 10.0, 19.9}, .ids = {0, 2, 2}};
  const auto lines =
      lines_of(render_raster(std::span(&layer, 1), 20.0, {.width = 28, .rows = 12, .glyphs = Glyphs::ascii}));
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(lines[0], "readout: 2 of 3 neurons fired, 3 spikes");
  EXPECT_EQ(lines[1], "     0 ||                   ");
  EXPECT_EQ(lines[2], "     1 |                    ");
  EXPECT_EQ(lines[3], "     2 |          |        |");
  const auto braille = lines_of(render_raster(std::span(&layer, 1), 20.0, {.width = 28, .rows = 12}));
  EXPECT_EQ(braille[1], "     0 │⡇                   ");
  EXPECT_EQ(braille[3], "     2 │          ⡇        ⢸");
}

TEST(Raster, ShowsNeuronsThatFiredOfALayerLargerThanItsRoom) {
  RasterLayer layer{.population = "hidden", .neurons = 1000};
  for (std::uint64_t id = 100; id < 300; ++id) {
    layer.times_ms.push_back(static_cast<double>(id) / 30.0);
    layer.ids.push_back(id);
  }
  const auto lines = lines_of(render_raster(std::span(&layer, 1), 10.0, {.width = 60, .rows = 5}));
  EXPECT_EQ(lines[0], "hidden: 200 of 1000 neurons fired, 200 spikes (20 of those that fired are shown)");
  ASSERT_EQ(lines.size(), 1u + 5u + 2u);
  EXPECT_TRUE(lines[1].starts_with("   100 │")) << lines[1];
  EXPECT_TRUE(lines[2].starts_with("   140 │")) << lines[2];
  for (int i = 1; i <= 5; ++i) EXPECT_EQ(display_width(lines[static_cast<std::size_t>(i)]), 60u);
}

TEST(Raster, SaysWhichLayersAreSilentOrNotRecorded) {
  const std::vector<RasterLayer> layers = {{.population = "a", .neurons = 500},
                                           {.population = "b", .neurons = 500, .recorded = false}};
  const std::string text = render_raster(layers, 10.0, {});
  EXPECT_NE(text.find("a: 0 of 500 neurons fired, 0 spikes\n"), std::string::npos) << text;
  EXPECT_NE(text.find("b: not recorded in this trial\n"), std::string::npos) << text;
}

TEST(Raster, ReadsOneTrialWithTimesFromItsStart) {
  const TemporaryDirectory directory;
  h5::File file = h5::File::create(directory / "a.h5");
  SpikeRecorder recorder(file, {{"hidden", 100}, {"input", 20}, {"readout", 10}}, 0);
  SpikeTrain train;
  train.append(1.5, 7);
  const SpikeTrain* trains[] = {&train, &train, nullptr};
  recorder.trial({.start_ms = 0, .stop_ms = 50}, trains);
  recorder.trial({.start_ms = 50, .stop_ms = 100}, trains);
  recorder.finish();
  const auto layers = read_raster(file, 1, {});
  ASSERT_EQ(layers.size(), 3u);
  EXPECT_EQ(layers[0].population, "input");
  EXPECT_EQ(layers[1].population, "hidden");
  EXPECT_EQ(layers[1].neurons, 100u);
  EXPECT_EQ(layers[1].times_ms, std::vector<double>{1.5});
  EXPECT_EQ(layers[1].ids, std::vector<std::uint64_t>{7});
  EXPECT_FALSE(layers[2].recorded);
  const std::vector<std::string> one = {"hidden"};
  EXPECT_EQ(read_raster(file, 0, one).size(), 1u);
}

}  // namespace
}  // namespace shallows
