#include "experiments/config/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "experiments/config/suggest.hpp"
#include "sim/core/error.hpp"

namespace shallows {

namespace {

struct Listing {
  std::string_view singular;
  std::vector<RegistryEntry> entries;
};

const Listing& listing(Category category) {
  static const Listing models{
      "model",
      {{"spiking", "LIF network: input population, fixed hidden layer, readout trained at spike arrivals"},
       {"rate",
        "ReLU network: hidden layer fixed or learning in its patches, or none; readout trained online"},

       {"memory",
        "labelled rows of pixels or receptive fields; the nearest row of the class moves, one pass"}}};
  static const Listing encoders{
      "encoder",
      {{"random", "receptive-field bank: independent Gaussian weights in a patch at a random position"},
       {"gabor", "receptive-field bank: random Gabor filters in a patch at a random position"},
       {"pca", "receptive-field bank: principal components of patches, in batch or by a local rule"},
       {"ica", "receptive-field bank: independent components of patches, FastICA or a local rule"},
       {"sparse", "receptive-field bank: sparse coding of patches with recurrent inhibition"},
       {"file", "receptive-field bank: of a bank or run file, given with --bank"},
       {"current", "input: one LIF neuron per pixel, driven by a constant current"}}};
  static const Listing rules{
      "rule",
      {{"teacher-stdp",
        "spiking readout: dw = rate * (target - postsynaptic trace) at every presynaptic arrival"},
       {"delta", "rate readout: dw = rate * (target - output) * input where the output is active"},
       {"backprop", "hidden layer: errors come back through the readout's weights"},
       {"feedback-alignment", "hidden layer: errors come back through fixed random weights"}}};
  static const Listing datasets{
      "data set",
      {{"mnist", "handwritten digits, 28 x 28, 60000 + 10000 images, 10 classes"},
       {"fashion-mnist", "articles of clothing, 28 x 28, 60000 + 10000 images, 10 classes"},
       {"cifar10", "colour photographs, 32 x 32 x 3, 50000 + 10000 images, 10 classes"}}};
  switch (category) {
    case Category::models:
      return models;
    case Category::encoders:
      return encoders;
    case Category::rules:
      return rules;
    case Category::datasets:
      return datasets;
  }
  assert(false);
  return models;
}

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

std::span<const RegistryEntry> registered(Category category) { return listing(category).entries; }

std::vector<std::string> registered_names(Category category) {
  std::vector<std::string> names;
  for (const RegistryEntry& entry : registered(category)) names.push_back(entry.name);
  return names;
}

const RegistryEntry& find_registered(Category category, std::string_view name) {
  const auto entries = registered(category);
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const RegistryEntry& entry) { return entry.name == name; });
  if (found != entries.end()) return *found;
  throw Error(ErrorKind::configuration,
              unknown_name(listing(category).singular, name, "", registered_names(category)));
}

std::vector<RegistryEntry> list_configs(const std::string& directory) {
  namespace fs = std::filesystem;
  std::error_code problem;
  std::vector<RegistryEntry> entries;
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
  std::sort(entries.begin(), entries.end(),
            [](const RegistryEntry& a, const RegistryEntry& b) { return a.name < b.name; });
  return entries;
}

}  // namespace shallows
