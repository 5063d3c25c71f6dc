// The data in a file: which images its network has learned from and was tested on, and what it subtracts
// from every image.
//
//     /data              attributes: name; train_sha256, train_images (of all images of the training files),
//                        train_first (learned from the first so many: the rest is held out), classes;
//                        test_sha256, test_images; earlier: what else has shaped the network, JSON
//     /data/pixel_mean   [pixels] float32, of the training images, subtracted from pixel / 255
//     /data/test_pixel_mean   the same for test images; only with dataset.mean = "own-mean-test"
#pragma once

#include <string>
#include <vector>

#include "experiments/config/config.hpp"
#include "experiments/data/dataset.hpp"
#include "output/record/run_file.hpp"

namespace shallows {

struct DataRecord {
  std::string name;
  DataIdentity identity;
  std::vector<LearnedImages>
      earlier;  ///< by the same network in an earlier run, or by a bank that it was given
  std::vector<float> mean;
  std::vector<float> test_mean;

  /// All that the network has learned from.
  std::vector<LearnedImages> learned() const;
};

DataRecord record_of(const Dataset& dataset, std::vector<LearnedImages> earlier = {});
void write_data(RunWriter& writer, const DataRecord& record);
/// Throws Error (data) if the file has no such record.
DataRecord read_data(const RunReader& reader);

/// How the images differ, e.g. "its training images are 3f5a1c0b (60000), those here 77aa0912 (50000)";
/// empty if they do not.
std::string train_difference(const DataRecord& record, const Dataset& dataset);
std::string test_difference(const DataRecord& record, const Dataset& dataset);

/// Throws Error (checkpoint) if the file's network has learned from other images than those of `dataset`.
void require_same_images(const RunReader& reader, const Dataset& dataset);

/// Why figures on validation or test images of `dataset` would be too good for what has learned from
/// `learned`; empty if they are held out in truth.
std::string leak_into_validation(const std::vector<LearnedImages>& learned, const Dataset& dataset);
std::string leak_into_test(const std::vector<LearnedImages>& learned, const Dataset& dataset);

enum class SeenImages { refused, allowed };

/// Throws Error (configuration) for a leak, if it is one: "'run.h5'" and what leak_into_...() says. With
/// SeenImages::allowed returns what is to be said of it instead.
[[nodiscard]] std::string refuse_leak(const std::string& who, const std::string& leak, SeenImages seen);

}  // namespace shallows
