// Printing configurations, reading the print back, comparing: what follows from the table of keys.
#include "experiments/config/config_schema.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <random>
#include <set>

#include "experiments/config/config.hpp"
#include "tests/experiments/idx_files.hpp"

namespace shallows {
namespace {

using testing::contains;

using Strings = std::vector<std::string>;

Config parsed(const std::string& toml) { return parse_config(toml, "dir/x.toml", {}); }

TEST(ConfigSchema, EveryKeyRoundTripsThroughToml) {
  for (const char* text :
       {"", "model = 'rate'", "model = 'rate'\nhidden.kind = 'none'", "hidden.kind = 'random'",
        "model = 'memory'", "model = 'memory'\nhidden.kind = 'none'",

        "hidden.kind = 'pca'", "hidden.kind = 'pca'\nhidden.pca_rule = 'sanger'", "hidden.kind = 'ica'",
        "hidden.kind = 'sparse'\nmodel = 'rate'", "hidden.kind = 'file'"}) {
    const Config config = parsed(text);
    for (const Comments comments : {Comments::no, Comments::yes}) {
      const std::string printed = to_toml(config, comments);
      EXPECT_EQ(to_toml(parse_config(printed, "other.toml", {}), comments), printed) << text;
    }
  }
}

TEST(ConfigSchema, EveryKeyCanBeSetAndIsPrinted) {
  const auto other = [](const ConfigKey& key, const Config& config) -> ConfigValue {
    const ConfigValue now = key.read(config);
    if (const auto* choice = std::get_if<ChoiceDomain>(&key.domain)) {
      return choice->names.back() == std::get<std::string>(now) ? choice->names.front()
                                                                : choice->names.back();
    }
    if (std::holds_alternative<ListDomain>(key.domain)) return Strings{"hidden"};
    if (std::holds_alternative<FormDomain>(key.domain)) return std::string("3:end:2");
    if (std::holds_alternative<TextDomain>(key.domain)) return std::string("a \"b\" \\ \n \x7f \xC3\xA4");
    if (const bool* value = std::get_if<bool>(&now)) return !*value;
    if (const auto* count = std::get_if<std::uint64_t>(&now)) return *count + 1;
    const double raised = std::get<double>(now) == 0.0 ? 0.3 : std::get<double>(now) * 1.1;
    return raised > std::get<RealDomain>(key.domain).highest ? 0.9 * std::get<double>(now) : raised;
  };
  for (const char* text :
       {"", "model = 'rate'", "model = 'memory'", "hidden.kind = 'pca'\nhidden.pca_rule = 'sanger'",
        "hidden.kind = 'ica'", "hidden.kind = 'sparse'\nmodel = 'rate'"}) {
    for (const ConfigKey& key : config_keys()) {
      Config config = parsed(text);
      if (key.name == "model" || !why_not_applicable(key, config).empty()) continue;
      const ConfigValue value = other(key, config);
      EXPECT_EQ(value_problem(key, value), std::nullopt) << key.name;
      key.write(config, value);
      EXPECT_EQ(key.read(config), value) << key.name;
      // What contradicts the rest is refused when it is read back; that is another test's matter.
      try {
        validate(config, "here");
      } catch (const Error&) {
        continue;
      }
      const Config back = parse_config(to_toml(config, Comments::no), "other.toml", {});
      EXPECT_EQ(key.read(back), value) << key.name;
      const bool changes = key.effect == Effect::learning && value != key.read(parsed(text));
      EXPECT_EQ(training_differences(parsed(text), back).size(), changes ? 1U : 0U) << key.name;
    }
  }
}

TEST(ConfigSchema, DoublesArePrintedToTheSameBits) {
  std::mt19937_64 dice(1);
  const ConfigKey& key = *find_config_key("training.epochs");
  Config config = parsed("");
  for (int repetition = 0; repetition < 300; ++repetition) {
    const double value = std::bit_cast<double>(dice() >> 1U);
    if (!(value <= 1e6)) continue;
    key.write(config, value);
    const Config back = parse_config(to_toml(config, Comments::no), "x", {});
    EXPECT_EQ(std::bit_cast<std::uint64_t>(back.training.epochs), std::bit_cast<std::uint64_t>(value))
        << value;
  }
}

TEST(ConfigSchema, PrintsOnlyWhatApplies) {
  const std::string spiking = to_toml(parsed(""), Comments::no);
  EXPECT_TRUE(contains(spiking, "[neuron]\ntau_ms = 25.0\n"));
  EXPECT_EQ(spiking.find("bias_max"), std::string::npos);
  const std::string perceptron = to_toml(parsed("model = 'rate'\nhidden.kind = 'none'"), Comments::no);
  EXPECT_TRUE(contains(perceptron, "[hidden]\nkind = \"none\"\n\n"));
  EXPECT_EQ(perceptron.find("tau_ms"), std::string::npos);
  EXPECT_EQ(perceptron.find("populations"), std::string::npos);
}

TEST(ConfigSchema, CommentsGiveMeaningUnitAndRange) {
  EXPECT_TRUE(contains(to_toml(parsed(""), Comments::yes),
                       "# membrane time constant [ms]; allowed: > 0, at most 1000000\ntau_ms = 25.0\n"));
}

TEST(ConfigSchema, EveryKeyIsDocumentedAndInItsSection) {
  std::set<std::string> names;
  std::set<std::string> sections;
  std::string section;
  for (const ConfigKey& key : config_keys()) {
    names.insert(key.name);
    EXPECT_FALSE(key.meaning.empty()) << key.name;
    EXPECT_EQ(describe(key.domain).empty(),
              key.name.starts_with("dataset.") && key.read(Config{}) == ConfigValue(std::string()))
        << key.name;
    const std::size_t dot = key.name.find('.');
    const std::string own = dot == std::string::npos ? "" : key.name.substr(0, dot);
    if (own != section) {
      EXPECT_TRUE(sections.insert(own).second) << "section in two places: " << own;
    }
    section = own;
    const bool in_ms = key.name.ends_with("_ms");
    const bool in_mV = key.name.ends_with("_mV");
    if (in_ms) {
      EXPECT_EQ(key.unit, "ms") << key.name;
    }
    if (in_mV) {
      EXPECT_EQ(key.unit, "mV") << key.name;
    }
  }
}

TEST(ConfigSchema, OfSeveralKeysWithOneNameAtMostOneMeansSomething) {
  for (const char* text :
       {"", "model = 'rate'", "model = 'memory'", "model = 'rate'\nhidden.kind = 'none'",
        "hidden.kind = 'pca'", "hidden.kind = 'ica'", "hidden.kind = 'sparse'\nmodel = 'rate'",
        "model = 'rate'\nhidden.rule = 'backprop'", "model = 'rate'\nhidden.rule = 'feedback-alignment'"}) {
    const Config config = parsed(text);
    std::set<std::string> names;
    for (const ConfigKey& key : config_keys()) {
      if (why_not_applicable(key, config).empty()) {
        EXPECT_TRUE(names.insert(key.name).second) << key.name << " in " << text;
      }
    }
  }
}

TEST(ConfigSchema, TrainingDifferencesLeaveOutWhatCannotChangeTheTraining) {
  const Config a = parsed("");
  Config b = parsed("test.images = 5\nrecord.trials = '0:99'\nname = 'other'\nprotocol.test_ms = 300");
  EXPECT_TRUE(training_differences(a, b).empty());
  b = parsed("seed = 2\ntraining.epochs = 2\nprotocol.test_ms = 300");
  EXPECT_EQ(training_differences(a, b), (Strings{"seed: 1 -> 2", "training.epochs: 1.0 -> 2.0"}));
  b = parsed("model = 'rate'");
  EXPECT_EQ(training_differences(a, b).front(), "model: \"spiking\" -> \"rate\"");
}

}  // namespace
}  // namespace shallows
