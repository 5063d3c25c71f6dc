#include "experiments/dataset.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "experiments/config_parser.hpp"
#include "experiments/idx.hpp"
#include "experiments/registry.hpp"
#include "experiments/suggest.hpp"
#include "sim/error.hpp"

namespace shallows {

namespace {

namespace fs = std::filesystem;

struct FilePair {
  std::string images;
  std::string labels;
};

constexpr std::array<std::string_view, 2> kTrainFiles = {"train-images-idx3-ubyte",
                                                         "train-labels-idx1-ubyte"};
constexpr std::array<std::string_view, 2> kTestFiles = {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

std::vector<std::string> directories(const DatasetConfig& config) {
  if (!config.directory.empty()) return {config.directory};
  std::vector<std::string> result;
  const char* root = std::getenv("SHALLOWS_DATA");
  if (root != nullptr && *root != '\0') result.push_back((fs::path(root) / config.name).string());
  result.push_back((fs::path("data") / config.name).string());
  return result;
}

[[noreturn]] void refuse_missing(const DatasetConfig& config, std::string_view file) {
  const std::vector<std::string> names = registered_names(Category::datasets);
  const bool known = std::find(names.begin(), names.end(), config.name) != names.end();
  const std::string searched =
      fmt::format("looked for '{}', plain or .gz, in {}", file, fmt::join(directories(config), ", "));
  if (!config.directory.empty()) {
    throw Error(ErrorKind::data,
                fmt::format("data set '{}' is not there ({}); correct dataset.directory{}", config.name,
                            searched, known ? fmt::format(" or run scripts/data.sh {}", config.name) : ""));
  }
  if (!known) throw Error(ErrorKind::configuration, unknown_name("data set", config.name, searched, names));
  throw Error(ErrorKind::data, fmt::format("data set '{}' is not there ({}); run scripts/data.sh {}",
                                           config.name, searched, config.name));
}

/// The two files in the first directory that has both; directories are not mixed.
FilePair find_standard(const DatasetConfig& config, const std::array<std::string_view, 2>& names) {
  std::string_view missing = names[0];
  for (const std::string& directory : directories(config)) {
    std::vector<std::string> found;
    for (const std::string_view name : names) {
      const std::string plain = (fs::path(directory) / name).string();
      std::error_code ignored;
      if (fs::exists(plain, ignored)) {
        found.push_back(plain);
      } else if (fs::exists(plain + ".gz", ignored)) {
        found.push_back(plain + ".gz");
      } else {
        missing = name;
        break;
      }
    }
    if (found.size() == names.size()) return {found[0], found[1]};
  }
  refuse_missing(config, missing);
}

std::size_t count_classes(const ImageSet& train, const std::string& labels_file) {
  const auto [smallest, largest] = std::minmax_element(train.labels().begin(), train.labels().end());
  if (*smallest == *largest) {
    throw Error(ErrorKind::data,
                fmt::format("can't learn from '{}' (every label is {}, so there is just one class); "
                            "give a training set with two classes or more",
                            labels_file, *largest));
  }
  return std::size_t{*largest} + 1;
}

void check_test(const ImageSet& train, const ImageSet& test, std::size_t classes, const FilePair& files) {
  if (!(test.shape() == train.shape())) {
    const ImageShape a = train.shape();
    const ImageShape b = test.shape();
    throw Error(
        ErrorKind::data,
        fmt::format(
            "the test images of '{}' do not fit (they are {} x {} x {}, the training images {} x {} x "
            "{}; rows x columns x channels); give files of the same set",
            files.images, b.height, b.width, b.channels, a.height, a.width, a.channels));
  }
  const std::uint8_t largest = *std::max_element(test.labels().begin(), test.labels().end());
  if (largest >= classes) {
    throw Error(ErrorKind::data,
                fmt::format("the test labels of '{}' do not fit (there is a label {}, the training "
                            "set has labels up to {}); give files of the same set",
                            files.labels, largest, classes - 1));
  }
}

/// The labels that config.classes names.
std::vector<bool> chosen_classes(const DatasetConfig& config, std::size_t classes) {
  std::vector<bool> chosen(classes, false);
  for (const std::string& text : split_list(config.classes)) {
    std::size_t label = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), label);
    if (problem != std::errc() || end != text.data() + text.size() || label >= classes) {
      throw Error(
          ErrorKind::configuration,
          fmt::format("dataset.classes = \"{}\" names '{}' (the labels go from 0 to {}); give some of "
                      "them, with commas",
                      config.classes, text, classes - 1));
    }
    chosen[label] = true;
  }
  return chosen;
}

void keep_classes(ImageSet& set, const std::vector<bool>& chosen) {
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (chosen[set.label(i)]) kept.push_back(i);
  }
  set = set.select(kept);
}

}  // namespace

Dataset load_dataset(const DatasetConfig& config) {
  const bool own_train = !config.images.empty();
  const bool own_test = !config.test_images.empty();
  const FilePair train_files =
      own_train ? FilePair{config.images, config.labels} : find_standard(config, kTrainFiles);
  ImageSet all = read_idx_set(train_files.images, train_files.labels);

  Dataset dataset;
  dataset.name = config.name;
  if (config.validation >= all.size()) {
    throw Error(
        ErrorKind::configuration,
        fmt::format(
            "dataset.validation = {} leaves nothing to train on ('{}' holds {} images); hold out fewer",
            config.validation, train_files.images, all.size()));
  }
  const std::size_t kept = all.size() - config.validation;
  dataset.classes = count_classes(all, train_files.labels);
  dataset.validation = all.slice(kept, config.validation);
  dataset.train = config.validation == 0 ? std::move(all) : all.slice(0, kept);
  count_classes(dataset.train, train_files.labels);

  dataset.test = dataset.train.slice(0, 0);
  if (own_test || !own_train) {
    const FilePair test_files =
        own_test ? FilePair{config.test_images, config.test_labels} : find_standard(config, kTestFiles);
    dataset.test = read_idx_set(test_files.images, test_files.labels);
    check_test(dataset.train, dataset.test, dataset.classes, test_files);
  }

  if (!config.classes.empty()) {
    const std::vector<bool> chosen = chosen_classes(config, dataset.classes);
    for (ImageSet* set : {&dataset.train, &dataset.validation, &dataset.test}) keep_classes(*set, chosen);
    if (dataset.train.empty()) {
      throw Error(
          ErrorKind::configuration,
          fmt::format("dataset.classes = \"{}\" leaves nothing to train on; name a class that there are "
                      "images of",
                      config.classes));
    }
  }

  const std::vector<float> mean = dataset.train.pixel_mean();
  dataset.train.set_mean(mean);
  dataset.validation.set_mean(mean);
  const bool own_mean = config.mean == MeanSource::own_mean_test && !dataset.test.empty();
  dataset.test.set_mean(own_mean ? dataset.test.pixel_mean() : mean);
  return dataset;
}

void check_against_data(const Config& config, ImageShape shape) {
  if (config.hidden.kind == FieldKind::none) return;
  const std::size_t side = std::min(shape.height, shape.width);
  if (config.hidden.patch > side) {
    throw Error(ErrorKind::configuration,
                fmt::format("hidden.patch = {} is larger than the images ({} x {} pixels); choose 1 to {}",
                            config.hidden.patch, shape.height, shape.width, side));
  }
}

}  // namespace shallows
