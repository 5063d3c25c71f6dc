// Images as text: a line for each, its label and then its pixels from 0 to 255, which make a square.
#pragma once

#include <cmath>
#include <fstream>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "experiments/data/dataset_sources.hpp"
#include "sim/core/error.hpp"

namespace shallows {

inline ImageSet read_text_images(std::span<const std::string> paths) {
  std::ifstream file(paths[0]);
  std::vector<std::uint8_t> pixels, labels;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    unsigned value = 0;
    for (bool first = true; words >> value; first = false)
      (first ? labels : pixels).push_back(static_cast<std::uint8_t>(value));
  }
  if (labels.empty()) {
    throw Error(ErrorKind::data, "can't read '" + paths[0] + "' (no line of it is an image); check the file");
  }
  const auto side = static_cast<std::size_t>(
      std::lround(std::sqrt(static_cast<double>(pixels.size()) / static_cast<double>(labels.size()))));
  if (side * side * labels.size() != pixels.size()) {
    throw Error(ErrorKind::data, "can't read '" + paths[0] + "' (its images are no squares); check the file");
  }
  return {{side, side}, std::move(pixels), std::move(labels)};
}

inline DatasetSource text_images() {
  return {.name = "text",
          .about = "images as lines of text: a label and pixels",
          .train_files = {"train.txt"},
          .test_files = {"test.txt"},
          .classes = 0,
          .read = read_text_images};
}

}  // namespace shallows
