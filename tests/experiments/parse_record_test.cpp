#include <gtest/gtest.h>

#include "experiments/config/config.hpp"
#include "tests/experiments/idx_files.hpp"

namespace shallows {
namespace {

const std::vector<std::string> kAll = {"input", "hidden", "readout"};

using testing::contains;
using testing::error_of;

using Strings = std::vector<std::string>;

TEST(ParseRecord, ReadsPopulationsPhaseAndTrials) {
  RecordConfig record = parse_record("hidden,readout@train:5:100:10", kAll);
  EXPECT_EQ(record.populations, (Strings{"hidden", "readout"}));
  EXPECT_EQ(record.phase, RecordPhase::train);
  EXPECT_EQ(record.first, 5U);
  EXPECT_EQ(record.last, 100U);
  EXPECT_EQ(record.step, 10U);
  record = parse_record("input@2:end", kAll);
  EXPECT_EQ(record.phase, RecordPhase::test);
  EXPECT_EQ(record.last, kAllTrials);
  record = parse_record("readout", kAll);
  EXPECT_EQ(record.last, 10U);
  record = parse_record("all", kAll);
  EXPECT_EQ(record.populations.size(), 3U);
  EXPECT_EQ(record.phase, RecordPhase::both);
  EXPECT_EQ(record.last, kAllTrials);
  EXPECT_TRUE(parse_record("none", kAll).populations.empty());
  record = parse_record("all@both:0:1", kAll);
  EXPECT_EQ(record.phase, RecordPhase::both);
  EXPECT_EQ(record.last, 1U);
}

TEST(ParseRecord, TakesAPhaseAloneForAllItsTrialsAndANumberAloneForOneTrial) {
  for (const auto& [text, phase] : {std::pair{"all@both", RecordPhase::both},
                                    {"all@train", RecordPhase::train},
                                    {"all@test", RecordPhase::test}}) {
    const RecordConfig record = parse_record(text, kAll);
    EXPECT_EQ(record.populations.size(), 3U);
    EXPECT_EQ(record.phase, phase);
    EXPECT_EQ(record.first, 0U);
    EXPECT_EQ(record.last, kAllTrials);
  }
  RecordConfig record = parse_record("readout@5", kAll);
  EXPECT_EQ(record.phase, RecordPhase::test);
  EXPECT_EQ(record.first, 5U);
  EXPECT_EQ(record.last, 6U);
  EXPECT_EQ(record.step, 1U);
  record = parse_record("hidden@train:7", kAll);
  EXPECT_EQ(record.phase, RecordPhase::train);
  EXPECT_EQ(record.first, 7U);
  EXPECT_EQ(record.last, 8U);
}

TEST(ParseRecord, RefusesWhatItDoesNotUnderstand) {
  const auto error = [](const std::string& text) {
    return error_of(ErrorKind::configuration, [&] { parse_record(text, kAll); });
  };
  EXPECT_TRUE(contains(error("hiden"), "did you mean 'hidden'?"));
  EXPECT_TRUE(contains(error("all@test:10:5"), "FIRST is below LAST"));
  EXPECT_TRUE(contains(error("none,hidden"), "'none' goes with no other name"));
  EXPECT_TRUE(contains(error("readout,all"), "'all' goes with no other name"));
  for (const char* text :
       {"", "@0:1", "hidden,hidden", "hidden@", "hidden@tarin", "hidden@train:", "hidden@-5",
        "hidden@18446744073709551615", "hidden@5:5", "hidden@9:1", "hidden@tarin:0:5", "hidden@0:5:0",
        "hidden@0:5:1:1", "hidden@0:99999999999999999999"}) {
    EXPECT_TRUE(contains(error(text), "record")) << text;
  }
}

}  // namespace
}  // namespace shallows
