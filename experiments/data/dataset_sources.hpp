// The list of data sets that are found by their names: which files they are, and how these are read. To add
// one is to write its entry; scripts/data.sh fetches the files.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "encoders/image.hpp"

namespace shallows {

struct DatasetSource {
  std::string_view name;
  std::string_view about;  ///< one line
  std::vector<std::string_view> train_files;
  std::vector<std::string_view> test_files;
  std::size_t classes;  ///< 0: whatever labels there are
  /// Reads all files of one part, which stand in the order of the list; throws Error (data).
  ImageSet (*read)(std::span<const std::string> paths);
};

std::span<const DatasetSource> dataset_sources();
std::vector<std::string> dataset_names();

/// The source of that name; of a name that no source has, IDX files with MNIST's names.
const DatasetSource& source_of(std::string_view name);

}  // namespace shallows
