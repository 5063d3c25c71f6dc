#include "experiments/data/dataset_sources.hpp"

#include <algorithm>

#include "experiments/data/cifar.hpp"
#include "experiments/data/idx.hpp"

namespace shallows {
namespace {

ImageSet read_idx_files(std::span<const std::string> paths) { return read_idx_set(paths[0], paths[1]); }
ImageSet read_cifar_files(std::span<const std::string> paths) { return read_cifar10(paths); }

DatasetSource idx(std::string_view name, std::string_view about, std::size_t classes) {
  return {.name = name,
          .about = about,
          .train_files = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte"},
          .test_files = {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"},
          .classes = classes,
          .read = read_idx_files};
}

}  // namespace

std::span<const DatasetSource> dataset_sources() {
  static const std::vector<DatasetSource> sources = {
      idx("mnist", "handwritten digits, 28 x 28, 60000 + 10000 images, 10 classes", 10),
      idx("fashion-mnist", "articles of clothing, 28 x 28, 60000 + 10000 images, 10 classes", 10),
      {.name = "cifar10",
       .about = "colour photographs, 32 x 32 x 3, 50000 + 10000 images, 10 classes",
       .train_files = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                       "data_batch_5.bin"},
       .test_files = {"test_batch.bin"},
       .classes = 10,
       .read = read_cifar_files}};
  return sources;
}

std::vector<std::string> dataset_names() {
  std::vector<std::string> names;
  for (const DatasetSource& source : dataset_sources()) names.emplace_back(source.name);
  return names;
}

const DatasetSource& source_of(std::string_view name) {
  static const DatasetSource own = idx("", "IDX files with the names of MNIST's", 0);
  const auto sources = dataset_sources();
  const auto found = std::ranges::find(sources, name, &DatasetSource::name);
  return found != sources.end() ? *found : own;
}

}  // namespace shallows
