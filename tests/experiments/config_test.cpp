#include "experiments/config/config.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "experiments/program/catalogue.hpp"
#include "tests/experiments/idx_files.hpp"

namespace shallows {
namespace {

using testing::contains;
using testing::error_of;
using testing::TemporaryDirectory;

using Strings = std::vector<std::string>;

Config parse(const std::string& toml, const Strings& overrides = {}) {
  return parse_config(toml, "dir/x.toml", overrides);
}

std::string parse_error(const std::string& toml, const Strings& overrides = {}) {
  return error_of(ErrorKind::configuration, [&] { parse(toml, overrides); });
}

TEST(Config, HasThePapersNumbersAsDefaults) {
  const Config config = parse("");
  EXPECT_EQ(config.name, "x");
  ASSERT_NE(config.spiking(), nullptr);
  EXPECT_TRUE(std::holds_alternative<TeacherStdpParams>(config.spiking()->readout.rule));
  EXPECT_TRUE(std::holds_alternative<GaborParams>(config.hidden.bank));
  EXPECT_EQ(config.hidden.size, 5000U);
  EXPECT_EQ(config.hidden.patch, 10U);
  EXPECT_EQ(config.hidden.scale, 40.0);
  EXPECT_EQ(config.training.learning_rate, 2e-4);
  EXPECT_EQ(config.spiking()->neuron.tau_ms, 25.0);
  EXPECT_EQ(config.spiking()->delay_ms, 0.1);
  EXPECT_EQ(config.record.populations, (Strings{"input", "hidden", "readout"}));
}

TEST(Config, ResolvesWhatDependsOnTheModel) {
  const auto scale = [](const std::string& toml) { return parse(toml).hidden.scale; };
  const auto learning_rate = [](const std::string& toml) { return parse(toml).training.learning_rate; };
  EXPECT_EQ(scale("hidden.kind = 'random'"), 20.0);
  EXPECT_EQ(scale("hidden.kind = 'random'\nmodel = 'rate'"), 0.1);
  EXPECT_EQ(scale("model = 'rate'"), 2.1);
  EXPECT_EQ(scale("model = 'rate'\nhidden.scale = 7"), 7.0);
  EXPECT_EQ(learning_rate("model = 'rate'"), 5e-3);
  EXPECT_EQ(learning_rate("model = 'rate'\nhidden.kind = 'none'"), 1e-4);
  EXPECT_EQ(learning_rate("model = 'rate'\ntraining.learning_rate = 3e-3"), 3e-3);
  ASSERT_NE(parse("model = 'rate'").rate(), nullptr);
  EXPECT_TRUE(std::holds_alternative<DeltaReadoutRule::Params>(parse("model = 'rate'").rate()->readout_rule));
  EXPECT_TRUE(parse("model = 'rate'").record.populations.empty());
  EXPECT_EQ(parse("", {"model=rate", "hidden.kind=random"}).hidden.scale, 0.1);
}

TEST(Config, ResolvesWhatDependsOnTheLearnedBank) {
  const Config rate = parse("model = 'rate'\nhidden.kind = 'ica'");
  EXPECT_EQ(measured_params(rate.hidden.bank)->scale_by, FieldScale::largest) << "as released";
  EXPECT_EQ(rate.hidden.scale, 1.0);
  EXPECT_EQ(rate.rate()->hidden.bias_max, 0.0);
  EXPECT_EQ(rate.training.learning_rate, 1e-3);
  const Config spiking = parse("hidden.kind = 'pca'");
  EXPECT_EQ(measured_params(spiking.hidden.bank)->scale_by, FieldScale::gabor_drive)
      << "the drive of the Gabor bank";
  EXPECT_EQ(spiking.hidden.scale, parse("").hidden.scale);
  EXPECT_EQ(
      std::get<PcaParams>(parse("hidden.kind = 'pca'\nhidden.pca_rule = 'sanger'").hidden.bank).fit_rate,
      0.5);
  EXPECT_EQ(std::get<SparseParams>(parse("hidden.kind = 'sparse'").hidden.bank).fit_rate, 1e-3);
}

TEST(Config, RefusesABankThatIsNotMadeOfWholePopulations) {
  EXPECT_TRUE(contains(parse_error("hidden.kind = 'pca'\nhidden.size = 105"), "hidden.size = 105"));
  EXPECT_NO_THROW(parse("hidden.size = 105"));
}

TEST(Config, ReadsSectionsDottedKeysAndInlineTables) {
  EXPECT_EQ(parse("[hidden]\nsize = 7").hidden.size, 7U);
  EXPECT_EQ(parse("hidden.size = 7").hidden.size, 7U);
  EXPECT_EQ(parse("hidden = { size = 7 }").hidden.size, 7U);
}

TEST(Config, TakesTheNameFromTheFileUnlessItIsGiven) {
  EXPECT_EQ(parse_config("", "a/b/l-rg.toml", {}).name, "l-rg");
  EXPECT_EQ(parse_config("name = 'mine'", "a/b/l-rg.toml", {}).name, "mine");
}

TEST(Config, NamesAUsersOwnDataAfterItsFile) {
  const std::string files = "[dataset]\nimages = 'd/letters'\nlabels = 'd/l'\n";
  EXPECT_EQ(parse(files).dataset.name, "letters");
  EXPECT_EQ(parse(files + "name = 'mine'").dataset.name, "mine");
}

TEST(Config, SuggestsTheNearestKeyForAnUnknownOne) {
  EXPECT_EQ(parse_error("[hidden]\n\nsise = 3"),
            "unknown key 'hidden.sise' (line 3 of dir/x.toml); did you mean 'hidden.size'?");
  EXPECT_EQ(parse_error("", {"hidden.sise=3"}),
            "unknown key 'hidden.sise' (--set hidden.sise=3); did you mean 'hidden.size'?");
  EXPECT_TRUE(contains(parse_error("[hiden]\nsize = 3"), "did you mean 'hidden.size'?"));
  EXPECT_TRUE(contains(parse_error("[network]"), "unknown key 'network'"));
  EXPECT_TRUE(contains(parse_error("wobble = 1"), "'shallows config'"));
}

TEST(Config, ReportsTheFirstWrongLine) {
  EXPECT_TRUE(contains(parse_error("zebra = 1\nant = 2"), "unknown key 'zebra' (line 1"));
}

TEST(Config, TellsSectionsFromKeys) {
  EXPECT_TRUE(contains(parse_error("hidden = 5"), "'hidden' is a section"));
  EXPECT_TRUE(contains(parse_error("", {"hidden=5"}), "'hidden' is a section"));
  EXPECT_TRUE(contains(parse_error("[seed]"), "seed = {...} does not fit"));
  EXPECT_TRUE(contains(parse_error("[seed]\nx = 1"), "does not fit"));
}

TEST(Config, RefusesAKeyGivenTwice) {
  EXPECT_TRUE(contains(parse_error("seed = 1\nseed = 2"), "line 2"));
  EXPECT_TRUE(contains(parse_error("'hidden.size' = 1\nhidden.size = 2"), "'hidden.size' is given twice"));
}

TEST(Config, NamesLineAndReasonOfBrokenToml) {
  const std::string message = parse_error("seed = 1\nname = \"open");
  EXPECT_TRUE(contains(message, "dir/x.toml"));
  EXPECT_TRUE(contains(message, "line 2"));
}

TEST(Config, RefusesIllTypedValues) {
  const std::string message = parse_error("seed = 1\nhidden.size = \"many\"");
  EXPECT_TRUE(contains(message, "hidden.size = \"many\" does not fit"));
  EXPECT_TRUE(contains(message, "line 2 of dir/x.toml"));
  EXPECT_TRUE(contains(message, "a whole number from 1 to"));
  EXPECT_TRUE(contains(message, "the default is 5000"));
  for (const char* line :
       {"hidden.size = 5000.0", "hidden.size = true", "neuron.tau_ms = '25'", "name = 3",
        "protocol.carry_over = 1", "record.populations = 'input'", "record.populations = [1]",
        "seed = 1979-05-27", "hidden.size = [1]", "model = {}"}) {
    EXPECT_TRUE(contains(parse_error(line), "does not fit")) << line;
  }
}

TEST(Config, TakesWholeNumbersAsReals) {
  EXPECT_EQ(parse("neuron.tau_ms = 30").spiking()->neuron.tau_ms, 30.0);
}

TEST(Config, RefusesValuesOutOfRange) {
  for (const char* line : {"hidden.size = 0",
                           "hidden.size = -5",
                           "hidden.size = 1000001",
                           "hidden.patch = 0",
                           "neuron.tau_ms = 0.0",
                           "neuron.tau_ms = -25.0",
                           "neuron.tau_ms = nan",
                           "neuron.tau_ms = inf",
                           "neuron.delay_ms = -0.1",
                           "neuron.reset_mV = -inf",
                           "training.epochs = -1.0",
                           "training.epochs = inf",
                           "training.learning_rate = nan",
                           "training.learning_rate_decay = 0.5",
                           "seed = -1",
                           "name = ''",
                           "record.populations = ['input', 'input']",
                           "record.trials = '5:5'",
                           "record.trials = '5'",
                           "record.trials = '0:10:0'",
                           "record.trials = 'a:b'",
                           "record.trials = '0:10:1:1'",
                           "record.trials = '-1:10'",
                           "record.trials = '0:10 '"}) {
    EXPECT_TRUE(contains(parse_error(line), "line 1 of dir/x.toml; allowed: ")) << line;
  }
  EXPECT_EQ(
      parse_error("neuron.tau_ms = -5"),
      "neuron.tau_ms = -5.0 is out of range (line 1 of dir/x.toml; allowed: > 0, at most 1000000 [ms]); the "
      "default is 25.0");
}

TEST(Config, SuggestsTheNearestChoice) {
  const std::string message = parse_error("readout.rule = 'stpd'");
  EXPECT_TRUE(contains(message, "unknown rule 'stpd'"));
  EXPECT_TRUE(contains(message, "did you mean 'teacher-stdp'?"));
  EXPECT_TRUE(contains(parse_error("hidden.kind = 'garbor'"), "did you mean 'gabor'?"));
  EXPECT_TRUE(contains(parse_error("model = 'spikng'"), "did you mean 'spiking'?"));
  EXPECT_TRUE(contains(parse_error("record.populations = ['hiden']"), "did you mean 'hidden'?"));
}

TEST(Config, RefusesKeysThatMeanNothingToTheModel) {
  EXPECT_EQ(parse_error("model = 'rate'\nneuron.tau_ms = 20"),
            "'neuron.tau_ms' has no meaning here (line 2 of dir/x.toml; model is \"rate\"); remove it");
  EXPECT_TRUE(contains(parse_error("readout.bias_max = 0.2"), "model is \"spiking\""));
  EXPECT_TRUE(contains(parse_error("model = 'rate'\nrecord.populations = []"), "model is \"rate\""));
  EXPECT_TRUE(
      contains(parse_error("model = 'rate'\n[hidden]\nkind = 'none'\nsize = 3"), "hidden.kind is \"none\""));
  EXPECT_TRUE(contains(parse_error("hidden.kind = 'random'\nhidden.gabor_ranges = 'broad'"),
                       "hidden.kind is \"random\""));
  EXPECT_TRUE(contains(parse_error("", {"model=rate", "neuron.tau_ms=20"}), "model is \"rate\""));
}

TEST(Config, AChoiceOfAnOverridePassesOverWhatMeantSomethingToThatOfTheFile) {
  const auto passed_over = [](const std::string& toml, const Strings& overrides) {
    std::string text;
    parse_config(toml, "x.toml", overrides, &text);
    return text;
  };
  EXPECT_EQ(passed_over("neuron.tau_ms = 20", {}), "");
  EXPECT_EQ(passed_over("neuron.tau_ms = 20", {"model=rate"}),
            "neuron.tau_ms of x.toml has no meaning to what --set chose and is passed over");
  EXPECT_EQ(passed_over("model = 'rate'\n[hidden]\nsize = 9\nscale = 0.2\n", {"hidden.kind=none"}),
            "hidden.size, hidden.scale of x.toml have no meaning to what --set chose and are passed over");
  EXPECT_EQ(origin_of(parse("model = 'rate'\nhidden.size = 9", {"hidden.kind=none"}).hidden.bank),
            BankOrigin::none);
  const std::string aligned = "model = 'rate'\nhidden.rule = 'feedback-alignment'\nhidden.feedback_scale = 2";
  EXPECT_TRUE(passed_over(aligned, {"hidden.rule=backprop"}).starts_with("hidden.feedback_scale of"));
  // A rule that goes with the model of the file.
  EXPECT_TRUE(passed_over("readout.rule = 'teacher-stdp'", {"model=rate"}).starts_with("readout.rule of"));
  const Config rate = parse("readout.rule = 'teacher-stdp'", {"model=rate"});
  EXPECT_TRUE(std::holds_alternative<DeltaReadoutRule::Params>(rate.rate()->readout_rule));
}

TEST(Config, RefusesWhatNeitherTheFileNorTheOverridesGiveAMeaning) {
  const std::string none = "model = 'rate'\nhidden.kind = 'none'\n";
  EXPECT_TRUE(
      contains(parse_error("model = 'rate'", {"hidden.kind=none", "hidden.size=9"}), "--set hidden.size=9"));
  EXPECT_TRUE(contains(parse_error("hidden.size = 9", {"model=rate", "hidden.kind=none", "hidden.size=9"}),
                       "--set hidden.size=9"));
  EXPECT_TRUE(contains(parse_error(none + "hidden.size = 9", {"seed=2"}), "line 3"));
  EXPECT_TRUE(contains(parse_error("neuron.tau_ms = 9\nreadout.bias_max = 1", {"model=memory"}), "line 2"));
  EXPECT_TRUE(contains(parse_error("model = 'rate'", {"readout.rule=teacher-stdp"}), "choose \"delta\""));
  EXPECT_TRUE(contains(parse_error("", {"model=rate", "readout.rule=teacher-stdp"}), "choose \"delta\""));
}

TEST(Config, RefusesValuesThatContradictEachOther) {
  EXPECT_TRUE(contains(parse_error("neuron.reset_mV = 20"), "neuron.reset_mV = 20 is not below"));
  EXPECT_TRUE(contains(parse_error("protocol.count_ms = 201"), "longer than protocol.test_ms"));
  EXPECT_TRUE(contains(parse_error("hidden.kind = 'none'"), "does not go with model = \"spiking\""));
  EXPECT_TRUE(contains(parse_error("readout.rule = 'delta'"), "choose \"teacher-stdp\""));
  EXPECT_TRUE(contains(parse_error("dataset.images = 'x'"), "belong together"));
  EXPECT_TRUE(contains(parse_error("dataset.test_labels = 'x'"), "belong together"));
  EXPECT_TRUE(contains(parse_error("readout.weight_bound_mV = 1e-5"), "not below readout.weight_bound_mV"));
  EXPECT_TRUE(contains(parse_error("readout.weight_bound_mV = 0.1\ntraining.learning_rate = 0.1"), "erase"));
  EXPECT_TRUE(contains(parse_error("engine.kind = 'fast'\nneuron.refractory_ms = 401"), "does not apply"));
  EXPECT_TRUE(contains(parse_error("engine.kind = 'fast'\nhidden.bias_mV = 21"), "does not apply"));
  EXPECT_NO_THROW(parse("protocol.count_ms = 200"));
  EXPECT_NO_THROW(parse("engine.kind = 'fast'\nneuron.refractory_ms = 400"));
}

TEST(Config, OverridesWinAndTheLastOneCounts) {
  const Config config = parse("seed = 3\nhidden.size = 9", {"hidden.size=10", "hidden.size = 11"});
  EXPECT_EQ(config.seed, 3U);
  EXPECT_EQ(config.hidden.size, 11U);
}

TEST(Config, OverridesTakeTomlValuesAndBareWords) {
  EXPECT_TRUE(std::holds_alternative<RandomParams>(parse("", {"hidden.kind=random"}).hidden.bank));
  EXPECT_TRUE(std::holds_alternative<RandomParams>(parse("", {"hidden.kind=\"random\""}).hidden.bank));
  EXPECT_EQ(parse("", {"training.learning_rate=4e-3"}).training.learning_rate, 4e-3);
  EXPECT_EQ(parse("", {"protocol.carry_over=false"}).spiking()->protocol.carry_over, false);
  EXPECT_EQ(parse("", {"dataset.directory=/data/a=b #1"}).dataset.directory, "/data/a=b #1");
  EXPECT_EQ(parse("", {"dataset.directory="}).dataset.directory, "");
  EXPECT_EQ(parse("", {"name=2024"}).name, "2024");
  EXPECT_EQ(parse("", {"name=true"}).name, "true");
  EXPECT_EQ(parse("", {"record.populations=[\"hidden\"]"}).record.populations, (Strings{"hidden"}));
  EXPECT_EQ(parse("", {"record.populations=hidden, input"}).record.populations, (Strings{"hidden", "input"}));
  EXPECT_EQ(parse("", {"record.populations=[]"}).record.populations, Strings{});
}

TEST(Config, TheRuleOfTheHiddenLayerDecidesWhatAppliesWhereverItStands) {
  const Strings factor = {"model=rate", "hidden.learning_rate_factor=0.5", "hidden.rule=backprop"};
  EXPECT_EQ(learning_params(parse("", factor).rate()->hidden.rule)->learning_rate_factor, 0.5);
  const Strings sparse = {"model=rate", "hidden.kind=sparse", "hidden.inhibition=fifty-steps"};
  EXPECT_EQ(inhibition_of(parse("", sparse).hidden.bank), HiddenInhibition::fifty_steps);
  EXPECT_EQ(inhibition_of(parse("", {"model=rate", "hidden.kind=sparse"}).hidden.bank),
            HiddenInhibition::none);
  for (const bool first : {true, false}) {
    Strings settings = sparse;
    settings.insert(first ? settings.begin() : settings.end(), "hidden.rule=backprop");
    EXPECT_TRUE(contains(parse_error("", settings), "hidden.inhibition"));
    EXPECT_TRUE(contains(parse_error("", settings), "hidden.rule is \"backprop\""));
  }
}

TEST(Config, AnOverrideOfTrialsMayLookLikeATomlTime) {
  const Config config = parse("", {"record.trials=10:20:30", "record.phase=train"});
  EXPECT_EQ(config.record.first, 10U);
  EXPECT_EQ(config.record.last, 20U);
  EXPECT_EQ(config.record.step, 30U);
  EXPECT_EQ(config.record.phase, RecordPhase::train);
}

TEST(Config, RefusesBrokenOverrides) {
  EXPECT_TRUE(contains(parse_error("", {"hidden.size"}), "key=value"));
  EXPECT_TRUE(contains(parse_error("", {"=3"}), "key=value"));
  EXPECT_TRUE(contains(parse_error("", {"hidden.size=many"}), "hidden.size = many does not fit"));
  EXPECT_TRUE(contains(parse_error("", {"hidden.size=1\nseed=2"}), "does not fit"));
  EXPECT_TRUE(contains(parse_error("", {"hidden.size="}), "does not fit"));
  EXPECT_TRUE(contains(parse_error("", {"name=\"open"}), "can't read '\"open' as TOML"));
  EXPECT_TRUE(contains(parse_error("", {"hidden.size=0"}), "(--set hidden.size=0; allowed"));
}

TEST(Config, ValidatesAChangedConfig) {
  Config config = parse("");
  EXPECT_NO_THROW(validate(config, "here"));
  config.hidden.size = 0;
  EXPECT_TRUE(
      contains(error_of(ErrorKind::configuration, [&] { validate(config, "here"); }), "hidden.size = 0"));
  config = parse("model = 'rate'");
  config.record = parse_record("hidden", {"input", "hidden", "readout"});
  EXPECT_TRUE(contains(error_of(ErrorKind::configuration, [&] { validate(config, "here"); }), "no spikes"));
}

TEST(Config, ReadsAFileAndRefusesWhatIsNone) {
  const TemporaryDirectory directory;
  const auto error = [](const std::string& path) {
    return error_of(ErrorKind::configuration, [&] { read_config(path, {}); });
  };
  std::ofstream(directory.file("mine.toml")) << "seed = 5\n";
  const Config config = read_config(directory.file("mine.toml"), {});
  EXPECT_EQ(config.seed, 5U);
  EXPECT_EQ(config.name, "mine");
  std::ofstream(directory.file("empty.toml"));
  EXPECT_EQ(read_config(directory.file("empty.toml"), {}).seed, 1U);
  EXPECT_TRUE(contains(error(directory.file("nowhere.toml")), "no such file"));
  EXPECT_TRUE(contains(error(directory.path()), "directory"));
  std::ofstream(directory.file("big.toml")) << std::string((1U << 20U) + 1, '#');
  EXPECT_TRUE(contains(error(directory.file("big.toml")), "larger than 1 MiB"));
  std::ofstream(directory.file("binary.toml")) << "\x89HDF\r\n\x1a\n";
  EXPECT_TRUE(contains(error(directory.file("binary.toml")), "it is an HDF5 file"));
}

TEST(Config, EveryShippedConfigurationIsValidAndDescribed) {
  const std::vector<Listed> entries = list_configs(SHALLOWS_CONFIGS);
  EXPECT_GE(entries.size(), 12U);
  for (const Listed& entry : entries) {
    const std::string path = std::string(SHALLOWS_CONFIGS) + "/" + entry.name + ".toml";
    const Config config = read_config(path, {});
    EXPECT_EQ(config.name, entry.name);
    EXPECT_FALSE(entry.about.empty()) << entry.name;
  }
}

TEST(Config, TheReleasedScriptIsOneMillionPresentationsOfTheOriginalNetwork) {
  const Config config = read_config(std::string(SHALLOWS_CONFIGS) + "/lif-l-rg-as-released.toml", {});
  EXPECT_EQ(std::llround(config.training.epochs * 60000), 1000000);
  EXPECT_EQ(config.hidden.size, 100U);
  EXPECT_EQ(std::get<GaborParams>(config.hidden.bank).gabor_ranges, GaborRanges::broad);
  EXPECT_EQ(config.dataset.mean, MeanSource::own_mean_test);
  EXPECT_EQ(config.training.sampling, Sampling::with_replacement);
  EXPECT_EQ(config.training.learning_rate_decay, 1.0);
  EXPECT_TRUE(config.spiking()->protocol.test_carry_over);
}

}  // namespace
}  // namespace shallows
