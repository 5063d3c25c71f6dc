#include "experiments/program/catalogue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "experiments/config/config_schema.hpp"
#include "experiments/config/suggest.hpp"
#include "tests/experiments/idx_files.hpp"

namespace shallows {
namespace {

using testing::contains;
using testing::error_of;
using testing::TemporaryDirectory;

TEST(Catalogue, GivesEveryEntryAUniqueNameAndALine) {
  for (const Catalogue& list : catalogues()) {
    std::set<std::string> names;
    EXPECT_FALSE(list.entries.empty()) << list.name;
    for (const Listed& entry : list.entries) {
      EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
      EXPECT_GT(entry.about.size(), 10U) << entry.name;
      EXPECT_EQ(entry.about.find('\n'), std::string::npos);
    }
  }
}

TEST(Catalogue, ListsWhatAConfigurationCanChoose) {
  const auto has = [](const std::string& list, const std::string& name) {
    for (const Catalogue& found : catalogues()) {
      if (found.name == list && std::ranges::find(found.entries, name, &Listed::name) != found.entries.end())
        return true;
    }
    return false;
  };
  const std::pair<const char*, const char*> choices[] = {
      {"networks", "model"},      {"banks", "hidden.kind"},
      {"rules", "hidden.rule"},   {"rules", "readout.rule"},
      {"rules", "hidden.2.rule"}, {"layers", "hidden.2.kind"},
      {"losses", "readout.loss"}, {"activations", "hidden.activation"}};
  for (const auto& [list, key] : choices) {
    for (const std::string& name : std::get<ChoiceDomain>(find_config_key(key)->domain).names)
      EXPECT_TRUE(has(list, name)) << name;
  }
  EXPECT_FALSE(has("rules", "gabor"));
}

TEST(Catalogue, ListsConfigurationsWithTheirFirstComment) {
  const TemporaryDirectory directory;
  std::ofstream(directory.file("b.toml")) << "# What b does\nseed = 1\n";
  std::ofstream(directory.file("a.toml")) << "seed = 1\n";
  std::ofstream(directory.file("c.txt")) << "# not a configuration\n";
  const std::vector<Listed> entries = list_configs(directory.path());
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].name, "a");
  EXPECT_EQ(entries[0].about, "");
  EXPECT_EQ(entries[1].name, "b");
  EXPECT_EQ(entries[1].about, "What b does");
}

TEST(Catalogue, RefusesToListAMissingDirectory) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("nowhere");
  EXPECT_TRUE(contains(error_of(ErrorKind::configuration, [&] { list_configs(path); }), path));
}

TEST(NearestName, FindsEditsSwapsCaseAndParts) {
  const std::vector<std::string> names = {"mnist", "fashion-mnist", "teacher-stdp", "delta"};
  EXPECT_EQ(nearest_name("mnits", names), "mnist");
  EXPECT_EQ(nearest_name("MNIST", names), "mnist");
  EXPECT_EQ(nearest_name("fashion", names), "fashion-mnist");
  EXPECT_EQ(nearest_name("fashon-mnist", names), "fashion-mnist");
  EXPECT_EQ(nearest_name("stpd", names), "teacher-stdp");
  EXPECT_EQ(nearest_name("dleta", names), "delta");
}

TEST(NearestName, FindsKeysWithoutOrWithTheWrongSection) {
  const std::vector<std::string> keys = config_key_names();
  EXPECT_EQ(nearest_name("hidden.sise", keys), "hidden.size");
  EXPECT_EQ(nearest_name("size", keys), "hidden.size");
  EXPECT_EQ(nearest_name("tau", keys), "neuron.tau_ms");
  EXPECT_EQ(nearest_name("neuron.tau", keys), "neuron.tau_ms");
  EXPECT_EQ(nearest_name("readout.learning_rate", keys), "training.learning_rate");
  EXPECT_EQ(nearest_name("hidden_size", keys), "hidden.size");
  EXPECT_EQ(nearest_name("training.lr", keys), "training.learning_rate");
  EXPECT_EQ(nearest_name("lr", keys), "training.learning_rate");
  EXPECT_EQ(nearest_name("training.lrate", keys), "training.learning_rate");
  EXPECT_EQ(nearest_name("training.learn_rate", keys), "training.learning_rate");
  EXPECT_EQ(nearest_name("training.lr_decay", keys), "training.learning_rate_decay");
  EXPECT_EQ(nearest_name("neuron.thr", keys), "neuron.threshold_mV");
  EXPECT_EQ(nearest_name("protocol.co", keys), "protocol.carry_over");
  EXPECT_EQ(nearest_name("training.x", keys), nearest_name("training.y", keys));  // one letter tells nothing
}

TEST(NearestName, StaysSilentWhenNothingIsNear) {
  const std::vector<std::string> names = {"mnist", "delta"};
  EXPECT_EQ(nearest_name("convolution", names), std::nullopt);
  EXPECT_EQ(nearest_name("", names), std::nullopt);
  EXPECT_EQ(nearest_name("x", {}), std::nullopt);
}

}  // namespace
}  // namespace shallows
