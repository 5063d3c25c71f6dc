#include "output/view/comparison.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

namespace shallows {
namespace {

// Newcombe 1998, Statistics in Medicine 17, 857-872, table I, method 3 (score method), to four digits.
TEST(WilsonInterval, AgreesWithNewcombe1998) {
  const struct {
    std::uint64_t correct, n;
    double low, high;
  } published[] = {
      {81, 263, 25.53, 36.62}, {15, 148, 6.24, 16.05}, {0, 20, 0.0, 16.11}, {1, 29, 0.61, 17.18}};
  for (const auto& row : published) {
    const auto interval = wilson_interval(row.correct, row.n);
    EXPECT_NEAR(interval[0], row.low, 0.005) << row.correct << "/" << row.n;
    EXPECT_NEAR(interval[1], row.high, 0.005) << row.correct << "/" << row.n;
  }
}

TEST(WilsonInterval, IsSymmetricAndHoldsTheProportion) {
  for (const std::uint64_t correct : {0, 1, 5000, 9860, 9999, 10000}) {
    const auto interval = wilson_interval(correct, 10000);
    const auto mirrored = wilson_interval(10000 - correct, 10000);
    const double percent = static_cast<double>(correct) / 100.0;
    EXPECT_LE(interval[0], percent);
    EXPECT_GE(interval[1], percent);
    EXPECT_NEAR(interval[0], 100.0 - mirrored[1], 1e-10);
  }
  EXPECT_EQ(wilson_interval(0, 0), (std::array{0.0, 100.0}));
}

std::vector<ComparisonRow> two_rows() {
  return {{.file = "a.h5",
           .name = "l-rg",
           .model = "rate",
           .coding = "rate",
           .dataset = "mnist",
           .hidden = 5000,
           .seed = 1,
           .epochs = 0.5,
           .test_accuracy = 98.5,
           .test_images = 10000,
           .test_sha256 = "aa11",
           .lost_classes = {3, 5},
           .ci95 = {98.24, 98.72},
           .spikes_per_image = 0.0,
           .synaptic_operations_per_image = 550000.0,
           .training_seconds = 12.25,
           .ms_per_image = 0.4},
          {.file = "dir, \"odd\".h5",
           .name = "θ|x",
           .model = "spiking",
           .coding = "spiking",
           .dataset = "mnist",
           .hidden = 10,
           .seed = 18446744073709551615u,
           .epochs = 2,
           .test_accuracy = std::numeric_limits<double>::quiet_NaN(),
           .test_sha256 = "bb22",
           .training_seconds = 1.0}};
}

TEST(Comparison, TableIsAlignedAlsoWithWideCharacters) {
  const std::string table = comparison_table(two_rows());
  std::istringstream lines(table);
  std::string heading, first, second;
  std::getline(lines, heading);
  std::getline(lines, first);
  std::getline(lines, second);
  EXPECT_EQ(heading.find("model"), first.find("rate"));
  EXPECT_EQ(second.find("spiking"), first.find("rate") + 1) << "the theta takes two bytes";
  EXPECT_NE(first.find("98.24 to 98.72"), std::string::npos);
  EXPECT_EQ(heading.find("accuracy %") + 10, first.find("98.50") + 5);
}

TEST(Comparison, MarkdownHasOneCellPerColumn) {
  std::istringstream lines(comparison_markdown(two_rows()));
  std::set<std::size_t> cells;
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    std::size_t bars = 0;
    for (std::size_t i = 0; i < line.size(); ++i) bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\');
    cells.insert(bars);
  }
  EXPECT_EQ(count, 4);
  EXPECT_EQ(cells, std::set<std::size_t>{17});
}

TEST(Comparison, CsvQuotesAndLeavesUnknownFiguresEmpty) {
  const std::string csv = comparison_csv(two_rows());
  EXPECT_NE(
      csv.find(
          "\r\na.h5,l-rg,rate,rate,mnist,5000,1,0.5,98.5,10000,aa11,3 5,98.24,98.72,0,550000,12.25,0.4\r\n"),
      std::string::npos)
      << csv;
  EXPECT_NE(
      csv.find(
          "\r\n\"dir, \"\"odd\"\".h5\",θ|x,spiking,spiking,mnist,10,18446744073709551615,2,,0,bb22,,0,100,"),
      std::string::npos)
      << csv;
}

TEST(Comparison, JsonHasExactlyTheDocumentedKeys) {
  const auto json = comparison_json(two_rows());
  ASSERT_EQ(json.size(), 2u);
  std::set<std::string> keys;
  for (const auto& [key, value] : json[0].items()) keys.insert(key);
  EXPECT_EQ(keys,
            (std::set<std::string>{"file", "name", "model", "coding", "dataset", "hidden", "seed", "epochs",
                                   "test_accuracy", "test_images", "test_sha256", "lost_classes", "ci95",
                                   "spikes_per_image", "synaptic_operations_per_image", "training_seconds",
                                   "ms_per_image"}));
  EXPECT_EQ(json[0]["ci95"], (nlohmann::json{98.24, 98.72}));
  EXPECT_EQ(nlohmann::json::parse(json.dump())[1]["test_accuracy"], nullptr);
  EXPECT_EQ(json[1]["seed"], 18446744073709551615u);
}

TEST(Comparison, ShowsLostClassesOnlyIfThereAreAny) {
  std::vector<ComparisonRow> rows = two_rows();
  EXPECT_NE(comparison_table(rows).find("lost classes"), std::string::npos);
  EXPECT_NE(comparison_table(rows).find("3 5"), std::string::npos);
  rows[0].lost_classes.clear();
  EXPECT_EQ(comparison_table(rows).find("lost classes"), std::string::npos);
}

TEST(Comparison, WarnsOfOneDataSetWithDifferentTestImages) {
  std::vector<ComparisonRow> rows = two_rows();
  ASSERT_EQ(comparison_warnings(rows).size(), 1u);
  EXPECT_NE(comparison_warnings(rows)[0].find("'a.h5'"), std::string::npos);
  rows[1].dataset = "other";
  EXPECT_TRUE(comparison_warnings(rows).empty());
  rows[1].dataset = rows[0].dataset;
  rows[1].test_sha256 = rows[0].test_sha256;
  EXPECT_TRUE(comparison_warnings(rows).empty());
}

}  // namespace
}  // namespace shallows
