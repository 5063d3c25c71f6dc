#include "output/record/run_file.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "output/record/descriptions.hpp"
#include "sim/core/error.hpp"
#include "tests/output/temporary_directory.hpp"

namespace shallows {
namespace {

using nlohmann::json;

class RunFile : public ::testing::Test {
 protected:
  std::string path() const { return directory_ / "run.h5"; }

  TemporaryDirectory directory_;
};

TEST_F(RunFile, KeepsProvenanceSummaryMetricsAndArrays) {
  const Provenance provenance{.version = "0.1.0",
                              .git_hash = "abc",
                              .compiler = "g++ 12",
                              .flags = "-O3",
                              .cpu = "some",
                              .hdf5_version = "",
                              .seed = 18446744073709551615u,
                              .rng = "philox4x32-10",
                              .threads = 4,
                              .config = "name = \"µ\"\n",
                              .command_line = "shallows train a.toml",
                              .created = "2024-01-01T00:00:00Z"};
  const json summary = {{"test_accuracy", 98.25},
                        {"test_images", 10000u},
                        {"offset", -3},
                        {"name", "l-rg"},
                        {"finished", true},
                        {"ci95", {98.0, 98.5}},
                        {"spikes_per_image", {{"input", 1000.5}, {"hidden", 20.0}}}};
  {
    RunWriter writer(path(), FileKind::run);
    writer.write_provenance(provenance);
    writer.write_summary(summary);
    for (std::uint64_t i = 0; i < 3; ++i) {
      writer.append_metric("images", 100 * i);
      writer.append_metric("accuracy", 0.5 * static_cast<double>(i));
    }
    writer.append_metric("accuracy", std::vector<double>{7.0, 8.0});
    writer.write_array("weights/readout/final", std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3});
    writer.write_attribute("weights/readout/final", "rule", "teacher-stdp");
    writer.write_attribute("state", "trial", std::uint64_t{17});
    writer.commit();
  }
  const RunReader reader(path());
  EXPECT_EQ(reader.kind(), FileKind::run);
  Provenance expected = provenance;
  expected.hdf5_version = h5::library_version();
  EXPECT_EQ(reader.provenance(), expected);
  EXPECT_EQ(reader.summary(), summary);
  EXPECT_EQ(reader.metric_names(), (std::vector<std::string>{"accuracy", "images"}));
  EXPECT_EQ(reader.file().info("/metrics/images").type, "uint64");
  EXPECT_EQ(reader.file().info("/metrics/accuracy").type, "float64");
  EXPECT_EQ(reader.metric<std::uint64_t>("images"), (std::vector<std::uint64_t>{0, 100, 200}));
  EXPECT_EQ(reader.metric<double>("accuracy"), (std::vector<double>{0.0, 0.5, 1.0, 7.0, 8.0}));
  EXPECT_EQ(reader.shape("weights/readout/final"), (h5::Shape{2, 3}));
  EXPECT_EQ(reader.read_array<float>("weights/readout/final", {2, 3}),
            (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(reader.attribute<std::string>("weights/readout/final", "rule"), "teacher-stdp");
  EXPECT_EQ(reader.attribute<std::uint64_t>("state", "trial"), 17u);
}

TEST_F(RunFile, SaysWhatItsObjectsMean) {
  {
    RunWriter writer(path(), FileKind::run);
    writer.write_array("initial/state/hidden/v_mV", std::vector<double>{1.0});
    writer.write_array("memory/channel_2/labels", std::vector<std::uint8_t>{1});
    writer.write_array("someone/else/s", std::vector<std::uint8_t>{1});
    writer.write_summary({{"test_accuracy", 98.25}});
    writer.commit();
  }
  const RunReader reader(path());
  const auto says = [&](const char* object, const char* name) {
    return reader.attribute<std::string>(object, name);
  };
  EXPECT_EQ(says("initial/state/hidden/v_mV", "unit"), "mV");
  const std::string voltage = meaning_of("/state/hidden/v_mV").value().description;
  EXPECT_NE(voltage, "");
  EXPECT_EQ(
      says("initial/state/hidden/v_mV", "description"),
      voltage +
          " This is before the first training presentation (before every one without protocol.carry_over).");
  EXPECT_EQ(says("memory/channel_2/labels", "description"), meaning_of("/memory/labels").value().description);
  EXPECT_EQ(says("/summary", "description"), meaning_of("/summary").value().description);
  EXPECT_EQ(reader.summary(), json({{"test_accuracy", 98.25}}));  // a description is no figure
  for (const char* name : {"/someone/else/s", "/state/hidden", "/trials/offsets_a/b"})
    EXPECT_EQ(meaning_of(name).has_value(), std::string(name) == "/state/hidden") << name;
  EXPECT_TRUE(meaning_of("/memory/channel_2").has_value());
  EXPECT_FALSE(reader.file().has_attribute("someone/else/s", "description"));
}

TEST_F(RunFile, NamedArraysComeBackAsTheyWere) {
  const std::vector<NamedArray> arrays = {
      {"network/readout/bias", {2}, std::vector<double>{0.1, 0.2}},
      {"network/readout/weights", {2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6}},
      {"network/positions", {1}, std::vector<std::uint16_t>{65535}},
      {"network/order", {0}, std::vector<std::uint32_t>{}},
  };
  {
    RunWriter writer(path(), FileKind::checkpoint);
    writer.write_arrays(arrays);
    writer.commit();
  }
  const RunReader reader(path());
  EXPECT_EQ(reader.kind(), FileKind::checkpoint);
  const auto read = reader.read_arrays("network");
  ASSERT_EQ(read.size(), arrays.size());
  for (const NamedArray& array : arrays) {
    const auto found =
        std::find_if(read.begin(), read.end(), [&](const auto& a) { return a.name == array.name; });
    ASSERT_NE(found, read.end()) << array.name;
    EXPECT_EQ(found->shape, array.shape);
    EXPECT_EQ(found->values, array.values);
  }
  EXPECT_TRUE(reader.read_arrays("nothing").empty());
}

TEST_F(RunFile, ACheckpointIsReplacedWholeOrNotAtAll) {
  const std::string checkpoint = path() + ".checkpoint";
  for (std::uint64_t trial = 1; trial <= 2; ++trial) {
    RunWriter writer(checkpoint, FileKind::checkpoint);
    writer.write_attribute("state", "trial", trial);
    writer.commit();
    RunWriter interrupted(checkpoint, FileKind::checkpoint);
    interrupted.write_attribute("state", "trial", std::uint64_t{99});
    EXPECT_EQ(RunReader(checkpoint).attribute<std::uint64_t>("state", "trial"), trial);
  }
  EXPECT_EQ(RunReader(checkpoint).attribute<std::uint64_t>("state", "trial"), 2u);
}

std::string refusal(const std::string& path) {
  try {
    RunReader reader(path);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    return error.what();
  }
  return "";
}

TEST_F(RunFile, RefusesForeignAndNewerFilesAndSaysWhatTheyAre) {
  {
    h5::File file = h5::File::create(path());
    file.write_attribute("/", "magic", std::uint32_t{0x0A7A});
    file.create_group("spikes/v1");
    file.close();
  }
  EXPECT_NE(refusal(path()).find("SONATA file of another program"), std::string::npos);
  { h5::File::create(path()).close(); }
  EXPECT_NE(refusal(path()).find("HDF5 file of another program"), std::string::npos);
  {
    h5::File file = h5::File::create(path());
    file.write_attribute("/", "format", "shallows-run");
    file.write_attribute("/", "format_version", std::uint32_t{2});
    file.close();
  }
  EXPECT_NE(refusal(path()).find("newer version"), std::string::npos);
  {
    h5::File file = h5::File::create(path());
    file.write_attribute("/", "format", std::uint32_t{2});
    file.close();
  }
  EXPECT_NE(refusal(path()).find("wrong type of attribute format"), std::string::npos);
  EXPECT_NE(refusal(path()).find(path()), std::string::npos);
}

TEST_F(RunFile, MissingProvenanceIsADataError) {
  { RunWriter(path(), FileKind::run).commit(); }
  const RunReader reader(path());
  EXPECT_THROW(reader.provenance(), Error);
  EXPECT_EQ(reader.summary(), json::object());
  EXPECT_TRUE(reader.metric_names().empty());
  EXPECT_NE(message_of([&] { reader.metric<double>("loss"); }).find("no dataset /metrics/loss"),
            std::string::npos);
}

}  // namespace
}  // namespace shallows
