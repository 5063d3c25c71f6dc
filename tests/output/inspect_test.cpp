#include "output/view/inspect.hpp"

#include <gtest/gtest.h>
#include <hdf5.h>

#include <nlohmann/json.hpp>

#include "output/record/run_file.hpp"
#include "output/record/spike_recorder.hpp"
#include "sim/core/error.hpp"
#include "tests/output/temporary_directory.hpp"

namespace shallows {
namespace {

class Inspect : public ::testing::Test {
 protected:
  void write_run() const {
    RunWriter writer(path(), FileKind::run);
    writer.write_provenance({.config = "name = \"x\"\nseed = 1\n"});
    writer.write_summary({{"test_accuracy", 97.5}});
    writer.write_array("weights/readout/final", std::vector<float>(6), {2, 3});
    for (std::uint64_t i = 0; i < 5; ++i) {
      writer.append_metric("images", 1000 * i);
      writer.append_metric("training_accuracy", 90.0 + static_cast<double>(i));
      writer.append_metric("wall_seconds", 1.0);
    }
    SpikeRecorder recorder(writer.file(), {{"input", 30}, {"readout", 2}}, 2);
    SpikeTrain train;
    train.append(1.0, 0);
    train.append(3.0, 1);
    const SpikeTrain* trains[] = {&train, &train};
    recorder.trial({.start_ms = 0,
                    .stop_ms = 10,
                    .sample = 4,
                    .label = 1,
                    .predicted = 0,
                    .phase = Phase::test,
                    .scores = {2.0f, 1.0f}},
                   trains);
    recorder.finish();
    writer.commit();
  }
  std::string path() const { return directory_ / "run.h5"; }

  TemporaryDirectory directory_;
};

TEST_F(Inspect, TreeShowsShapesTypesAndAttributes) {
  write_run();
  const h5::File file = h5::File::open(path());
  const std::string text = render_tree(read_tree(file));
  for (const char* line :
       {"run.h5/  A file of shallows\n",
        "\n  spikes/  SONATA spike trains, one group for each recorded population\n",
        "\n      timestamps  float64 [2]  Time of the spike on the axis of /trials/start\n", "@units = ms\n",
        "\n      final  float32 [2, 3]  [mV (spiking), 1 (rate)]  Weights after the last training "
        "presentation, [class, hidden neuron]\n",
        "@sorting = by_time\n",
        "phase  enum uint8 {train=0, test=1, validation=2} [1]  train, validation or test\n",
        "@version = [0,1]\n", "@config = name = \"x\" ...\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "in\n" << text;
  }
  const auto json = to_json(read_tree(file));
  EXPECT_EQ(json["attributes"]["magic"], 0x0A7A);
  EXPECT_EQ(json["children"].size(), 6u);
}

TEST_F(Inspect, TreeSurvivesGroupsInThemselvesAndLinksToNowhere) {
  {
    const hid_t file = H5Fcreate(path().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t group = H5Gcreate2(file, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_hard(file, "g", group, "itself", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/nowhere", group, "soft", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("missing.h5", "/x", group, "external", H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(group);
    H5Fclose(file);
  }
  EXPECT_EQ(render_tree(read_tree(h5::File::open(path()))),
            "run.h5/\n  g/\n    external  (a link to nowhere or a named type)\n    itself/\n"
            "    soft  (a link to nowhere or a named type)\n");
}

TEST_F(Inspect, TrialHeaderSaysWhatWasShownAndAnswered) {
  EXPECT_EQ(render_trial(3, {.start_ms = 600,
                             .stop_ms = 800,
                             .sample = 17,
                             .label = 7,
                             .predicted = 7,
                             .phase = Phase::test,
                             .scores = {0.5f, 12.0f}}),
            "trial 3: test image 17, label 7, predicted 7 (right), 600 to 800 ms\nscores:  0: 0.5  1: 12\n");
  EXPECT_EQ(render_trial(0, {.start_ms = 0, .stop_ms = 150, .sample = 1, .label = 2}),
            "trial 0: train image 1, label 2, predicted none, 0 to 150 ms\n");
}

TEST_F(Inspect, LearningCurveFindsItsColumns) {
  write_run();
  const h5::File file = h5::File::open(path());
  const LearningCurve curve = read_learning_curve(file);
  EXPECT_EQ(curve.x_name, "images");
  EXPECT_EQ(curve.x, (std::vector<double>{0, 1000, 2000, 3000, 4000}));
  ASSERT_EQ(curve.columns.size(), 1u);
  EXPECT_EQ(curve.columns[0].first, "training_accuracy");
  const std::vector<std::string> wanted = {"wall_seconds"};
  EXPECT_EQ(read_learning_curve(file, wanted).columns[0].second, std::vector<double>(5, 1.0));
  const std::vector<std::string> missing = {"loss"};
  EXPECT_NE(message_of([&] {
              read_learning_curve(file, missing);
            }).find("no metric 'loss' (it has images, training_accuracy, wall_seconds)"),
            std::string::npos);
}

TEST_F(Inspect, TextAndJsonHoldEverything) {
  write_run();
  const h5::File file = h5::File::open(path());
  const std::string text = inspect_text(file, {});
  for (const char* piece : {"weights/", "population", "input", "training_accuracy"}) {
    EXPECT_NE(text.find(piece), std::string::npos) << piece;
  }
  const std::string trial = inspect_text(file, {.trial = 0, .glyphs = Glyphs::ascii});
  EXPECT_TRUE(trial.starts_with("trial 0: test image 4, label 1, predicted 0 (wrong), 0 to 10 ms\n"))
      << trial;
  EXPECT_NE(trial.find("readout: 2 of 2 neurons fired, 2 spikes"), std::string::npos) << trial;

  const std::string both =
      inspect_text(file, {.trial = 0, .curve = {"wall_seconds"}, .glyphs = Glyphs::ascii});
  EXPECT_TRUE(both.starts_with(trial)) << both;
  EXPECT_NE(both.find("wall_seconds"), std::string::npos) << both;

  const auto json = nlohmann::json::parse(inspect_json(file, {}).dump());
  EXPECT_EQ(json["populations"][0]["name"], "input");
  EXPECT_EQ(json["populations"][0]["spikes"], 2);
  EXPECT_EQ(json["summary"]["test_accuracy"], 97.5);
  EXPECT_EQ(json["learning_curve"]["columns"]["training_accuracy"].size(), 5u);
  EXPECT_FALSE(json.contains("trial"));

  const auto one = nlohmann::json::parse(inspect_json(file, {.trial = 0}).dump());
  EXPECT_EQ(one.size(), 2u) << one.dump();
  EXPECT_EQ(one["file"], path());
  EXPECT_EQ(one["trial"]["label"], 1);
  EXPECT_EQ(one["trial"]["spikes"][1]["times_ms"], (nlohmann::json{1.0, 3.0}));
}

TEST_F(Inspect, WorksOnForeignFilesAndExplainsWhatTheyLack) {
  {
    h5::File file = h5::File::create(path());
    file.write("spikes/v1/timestamps", std::vector<double>{1.0, 2.0});
    file.write("spikes/v1/node_ids", std::vector<std::uint32_t>{0, 0});
    file.close();
  }
  const h5::File file = h5::File::open(path());
  EXPECT_NE(inspect_text(file, {}).find("v1"), std::string::npos);
  EXPECT_EQ(inspect_json(file, {})["learning_curve"], nullptr);
  EXPECT_NE(message_of([&] { inspect_text(file, {.trial = 0}); }).find("has no trials"), std::string::npos);
}

}  // namespace
}  // namespace shallows
