// Studies that are put together on the command line.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "experiments/config/number_in.hpp"
#include "experiments/study/study.hpp"
#include "sim/core/error.hpp"

namespace shallows {
namespace {

std::vector<std::string> at_commas(std::string_view text) {
  std::vector<std::string> items;
  for (std::size_t first = 0; first <= text.size();) {
    const std::size_t end = std::min(text.find(',', first), text.size());
    items.emplace_back(text.substr(first, end - first));
    first = end + 1;
  }
  return items;
}

}  // namespace

Study study_of(const std::string& config) {
  Study study;
  study.name = study.title = std::filesystem::path(config).stem().string();
  StudyRow& row = study.rows.emplace_back();
  row.name = study.name;
  row.config = config;
  return study;
}

SweepAxis parse_axis(std::string_view text) {
  const auto refuse = [&](const char* why) {
    throw Error(
        ErrorKind::configuration,
        fmt::format("can't vary '{}' ({}); write for example --vary hidden.size=100,1000", text, why));
  };
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) refuse("it is not KEY=A,B,...");
  SweepAxis axis{.key = std::string(text.substr(0, equals)),
                 .values = at_commas(text.substr(equals + 1)),
                 .giver = "--vary"};
  for (const std::string& value : axis.values)
    if (value.empty()) refuse("a value is empty");
  return axis;
}

std::vector<std::uint64_t> parse_seeds(std::string_view text) {
  const auto refuse = [&] {
    throw Error(
        ErrorKind::configuration,
        fmt::format("can't use the seeds '{}' (they are no whole numbers, or more than 10 000); write "
                    "1:5 for 1 to 5, or 1,2,7",
                    text));
  };
  const auto number = [&](std::string_view word) {
    const auto value = number_in<std::uint64_t>(word);
    if (!value) refuse();
    return *value;
  };
  std::vector<std::uint64_t> seeds;
  if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    const std::uint64_t first = number(text.substr(0, colon)), last = number(text.substr(colon + 1));
    if (last < first || last - first >= 10'000) refuse();
    for (std::uint64_t seed = first; seed <= last; ++seed) seeds.push_back(seed);
  } else {
    for (const std::string& word : at_commas(text)) seeds.push_back(number(word));
  }
  return seeds;
}

}  // namespace shallows
