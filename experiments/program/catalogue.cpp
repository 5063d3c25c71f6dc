#include "experiments/program/catalogue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "experiments/data/dataset_sources.hpp"
#include "models/networks/networks.hpp"
#include "sim/core/error.hpp"

namespace shallows {

namespace {

std::string first_comment(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  const std::size_t start = line.find_first_not_of("# \t");
  if (line.empty() || line.front() != '#' || start == std::string::npos) return "";
  line.erase(line.find_last_not_of(" \t\r") + 1);
  return line.substr(start);
}

}  // namespace

std::vector<Catalogue> catalogues() {
  std::vector<Listed> rules = listed(SpikeRules());
  for (Listed& rule : listed(HiddenRules())) rules.push_back(std::move(rule));
  std::vector<Listed> datasets;
  for (const DatasetSource& source : dataset_sources())
    datasets.push_back({std::string(source.name), std::string(source.about)});
  return {{"networks", listed(Networks())},
          {"banks", listed(Banks())},
          {"layers", listed(UpperLayers())},
          {"activations", listed(Activations())},
          {"losses", listed(ReadoutLosses())},
          {"rules", std::move(rules)},
          {"readout-rules", listed(RateReadoutRules())},
          {"feedback", listed(FeedbackMatrices())},
          {"feedback-rules", listed(FeedbackRules())},
          {"optimisers", listed(Optimisers())},
          {"datasets", std::move(datasets)}};
}

std::vector<Listed> list_configs(const std::string& directory) {
  namespace fs = std::filesystem;
  std::error_code problem;
  std::vector<Listed> entries;
  for (fs::directory_iterator it(directory, problem), end; !problem && it != end; it.increment(problem)) {
    const fs::path& path = it->path();
    std::error_code ignored;
    if (path.extension() == ".toml" && it->is_regular_file(ignored)) {
      entries.push_back({path.stem().string(), first_comment(path)});
    }
  }
  if (problem) {
    throw Error(ErrorKind::configuration,
                fmt::format("can't list the configurations in '{}' ({}); check the path", directory,
                            problem.message()));
  }
  std::sort(entries.begin(), entries.end(), [](const Listed& a, const Listed& b) { return a.name < b.name; });
  return entries;
}

}  // namespace shallows
