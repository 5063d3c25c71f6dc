#include "experiments/data/dataset.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "experiments/config/config_parser.hpp"
#include "experiments/config/number_in.hpp"
#include "experiments/config/suggest.hpp"
#include "experiments/data/dataset_sources.hpp"
#include "experiments/data/idx.hpp"
#include "output/record/trials.hpp"
#include "sim/core/error.hpp"

namespace shallows {

namespace {

namespace fs = std::filesystem;

/// Labelled images, and the files to name in messages about them.
struct Files {
  ImageSet set;
  std::string images;
  std::string labels;
};

/// $SHALLOWS_DATA; empty if it is not set.
std::string data_root() {
  const char* root = std::getenv("SHALLOWS_DATA");
  return root != nullptr ? root : "";
}

/// Of the standard files. One place, so that no other data take the place of those that were meant.
std::string directory_of(const DatasetConfig& config) {
  if (!config.directory.empty()) return config.directory;
  const std::string root = data_root();
  return (fs::path(root.empty() ? "data" : root) / config.name).string();
}

[[noreturn]] void refuse_missing(const DatasetConfig& config, std::string_view file) {
  const std::vector<std::string> names = dataset_names();
  const bool known = std::find(names.begin(), names.end(), config.name) != names.end();
  std::error_code ignored;
  const fs::path directory = fs::absolute(directory_of(config), ignored).lexically_normal();
  const std::string searched = fmt::format("looked for '{}', plain or .gz, in {}{}", file, directory.string(),
                                           !config.directory.empty() ? ""
                                           : data_root().empty()     ? "; SHALLOWS_DATA is not set"
                                                                     : ", as SHALLOWS_DATA says");
  if (!config.directory.empty()) {
    throw Error(ErrorKind::data,
                fmt::format("data set '{}' is not there ({}); correct dataset.directory{}", config.name,
                            searched, known ? fmt::format(" or run scripts/data.sh {}", config.name) : ""));
  }
  if (!known) throw Error(ErrorKind::configuration, unknown_name("data set", config.name, searched, names));
  throw Error(
      ErrorKind::data,
      fmt::format("data set '{0}' is not there ({1}); run scripts/data.sh {0}, or set SHALLOWS_DATA to "
                  "the folder that has it in {0}/",
                  config.name, searched));
}

/// The files of the data set's directory.
std::vector<std::string> find_standard(const DatasetConfig& config, std::span<const std::string_view> names) {
  const fs::path directory = directory_of(config);
  std::vector<std::string> found;
  for (const std::string_view name : names) {
    const std::string plain = (directory / name).string();
    std::error_code ignored;
    if (fs::exists(plain, ignored)) {
      found.push_back(plain);
    } else if (fs::exists(plain + ".gz", ignored)) {
      found.push_back(plain + ".gz");
    } else {
      refuse_missing(config, name);
    }
  }
  return found;
}

void check_labels(const Files& files, std::size_t most, const std::string& why) {
  const auto largest = std::max_element(files.set.labels().begin(), files.set.labels().end());
  if (largest == files.set.labels().end() || *largest <= most) return;
  throw Error(ErrorKind::data,
              fmt::format("'{}' has a label {} (image {}), but {}; fetch or make it anew", files.labels,
                          *largest, largest - files.set.labels().begin(), why));
}

Files read_idx(const std::string& images, const std::string& labels) {
  Files files{read_idx_set(images, labels), images, labels};
  check_labels(files, no_class - 1, fmt::format("{} stands for no class", no_class));
  return files;
}

enum class Part { train, test };

Files read_standard(const DatasetConfig& config, Part part) {
  const DatasetSource& source = source_of(config.name);
  const auto paths = find_standard(config, part == Part::train ? source.train_files : source.test_files);
  Files files{source.read(paths), paths.front(), paths.back()};
  if (source.classes > 0)
    check_labels(files, source.classes - 1, fmt::format("{} has {} classes", source.name, source.classes));
  check_labels(files, no_class - 1, fmt::format("{} stands for no class", no_class));
  return files;
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

void check_test(const ImageSet& train, const Files& files, std::size_t classes) {
  const ImageSet& test = files.set;
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
    const auto label = number_in<std::size_t>(text);
    if (!label || *label >= classes) {
      throw Error(
          ErrorKind::configuration,
          fmt::format("dataset.classes = \"{}\" names '{}' (the labels go from 0 to {}); give some of "
                      "them, with commas",
                      config.classes, text, classes - 1));
    }
    chosen[*label] = true;
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

void Dataset::use_means(const std::vector<float>& mean, const std::vector<float>& test_mean) {
  train.set_mean(mean);
  validation.set_mean(mean);
  test.set_mean(test_mean);
}

Dataset load_dataset(const DatasetConfig& config) {
  const bool own_train = !config.images.empty();
  const bool own_test = !config.test_images.empty();
  Files train = own_train ? read_idx(config.images, config.labels) : read_standard(config, Part::train);
  ImageSet& all = train.set;

  Dataset dataset;
  dataset.name = config.name;
  if (config.validation >= all.size()) {
    throw Error(
        ErrorKind::configuration,
        fmt::format(
            "dataset.validation = {} leaves nothing to train on ('{}' holds {} images); hold out fewer",
            config.validation, train.images, all.size()));
  }
  const std::size_t kept = all.size() - config.validation;
  dataset.identity.learned = {.files = identity_of(all), .first = kept, .classes = config.classes};
  dataset.classes = count_classes(all, train.labels);
  dataset.validation = all.slice(kept, config.validation);
  dataset.train = config.validation == 0 ? std::move(all) : all.slice(0, kept);
  count_classes(dataset.train, train.labels);

  dataset.test = dataset.train.slice(0, 0);
  if (own_test || !own_train) {
    Files test =
        own_test ? read_idx(config.test_images, config.test_labels) : read_standard(config, Part::test);
    check_test(dataset.train, test, dataset.classes);
    dataset.identity.test = identity_of(test.set);
    dataset.test = std::move(test.set);
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

  std::vector<float> mean = dataset.train.pixel_mean();
  if (config.mean == MeanSource::none) std::fill(mean.begin(), mean.end(), 0.0F);
  dataset.train.set_mean(mean);
  dataset.validation.set_mean(mean);
  const bool own_mean = config.mean == MeanSource::own_mean_test && !dataset.test.empty();
  dataset.test.set_mean(own_mean ? dataset.test.pixel_mean() : mean);
  return dataset;
}

void check_against_data(const Config& config, ImageShape shape) {
  if (origin_of(config.hidden.bank) == BankOrigin::none) return;
  const std::size_t side = std::min(shape.height, shape.width);
  if (config.hidden.patch > side) {
    throw Error(ErrorKind::configuration,
                fmt::format("hidden.patch = {} is larger than the images ({} x {} pixels); choose 1 to {}",
                            config.hidden.patch, shape.height, shape.width, side));
  }
  if (const auto problem = problem_of_hidden_layers(config, &shape)) {
    throw Error(ErrorKind::configuration,
                fmt::format("{} ({}); {}", problem->what, problem->why, problem->suggestion));
  }
}

}  // namespace shallows
