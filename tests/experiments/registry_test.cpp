#include "experiments/config/registry.hpp"

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

constexpr Category kCategories[] = {Category::models, Category::encoders, Category::rules,
                                    Category::datasets};

const std::vector<std::string>& choices(const char* key) {
  return std::get<ChoiceDomain>(find_config_key(key)->domain).names;
}

TEST(Registry, EveryEntryHasAUniqueNameAndADescriptionAndIsFound) {
  for (const Category category : kCategories) {
    std::set<std::string> names;
    EXPECT_FALSE(registered(category).empty());
    for (const RegistryEntry& entry : registered(category)) {
      EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
      EXPECT_GT(entry.description.size(), 10U) << entry.name;
      EXPECT_EQ(entry.description.find('\n'), std::string::npos);
      EXPECT_EQ(&find_registered(category, entry.name), &entry);
    }
  }
}

TEST(Registry, ListsExactlyTheModelsAndRulesThatAConfigurationCanChoose) {
  EXPECT_EQ(registered_names(Category::models), choices("model"));
  std::vector<std::string> rules = choices("readout.rule");
  for (const std::string& rule : choices("hidden.rule")) {
    if (rule != "fixed") rules.push_back(rule);
  }
  EXPECT_EQ(registered_names(Category::rules), rules);
}

TEST(Registry, ListsEveryBankThatAConfigurationCanChoose) {
  for (const std::string& bank : choices("hidden.kind")) {
    if (bank != "none") {
      EXPECT_NO_THROW(find_registered(Category::encoders, bank));
    }
  }
}

TEST(Registry, SuggestsTheNearestName) {
  const std::string message =
      error_of(ErrorKind::configuration, [] { find_registered(Category::rules, "stpd"); });
  EXPECT_EQ(message,
            "unknown rule 'stpd' (known: teacher-stdp, delta, backprop, feedback-alignment); did you mean "
            "'teacher-stdp'?");
}

TEST(Registry, ListsConfigurationsWithTheirFirstComment) {
  const TemporaryDirectory directory;
  std::ofstream(directory.file("b.toml")) << "# What b does\nseed = 1\n";
  std::ofstream(directory.file("a.toml")) << "seed = 1\n";
  std::ofstream(directory.file("c.txt")) << "# not a configuration\n";
  const std::vector<RegistryEntry> entries = list_configs(directory.path());
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].name, "a");
  EXPECT_EQ(entries[0].description, "");
  EXPECT_EQ(entries[1].name, "b");
  EXPECT_EQ(entries[1].description, "What b does");
}

TEST(Registry, RefusesToListAMissingDirectory) {
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
