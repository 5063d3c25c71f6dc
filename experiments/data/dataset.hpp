// Data sets: IDX files or CIFAR-10 batches, read, checked against each other, split and given their mean.
#pragma once

#include <cstddef>
#include <string>

#include "encoders/image.hpp"
#include "experiments/config/config.hpp"
#include "experiments/data/data_identity.hpp"

namespace shallows {

struct Dataset {
  ImageSet train;
  ImageSet validation;  ///< the images held out from the end of the training files; empty if none are
  ImageSet test;        ///< empty if a user's own set comes without test files
  std::size_t classes = 0;
  std::string name;
  DataIdentity identity;

  /// A trained network goes on with the means that it has learned with, whatever images are chosen now: that
  /// of the training images and, as released, that of the test images if it is another one.
  void use_means(const std::vector<float>& mean, const std::vector<float>& test_mean);
};

/// Reads the data set. The standard files (train-images-idx3-ubyte and so on; of "cifar10" data_batch_1.bin
/// to data_batch_5.bin and test_batch.bin; plain or .gz) are looked for in config.directory if that is given,
/// else in $SHALLOWS_DATA/<name> or, if that variable is not set, in data/<name>; a user's own files
/// (config.images, ...) take their places, relative to the working directory. With own training files and no
/// own test files there is no test set.
///
/// All sets have the mean of the training images that are not held out (MeanSource::own_mean_test: the test
/// set has its own). The number of classes is the largest label of the training files + 1.
///
/// Throws Error: configuration for an unknown name or a validation set that leaves nothing to train on; data
/// for missing or broken files, a training set with one class only, test images of another shape or with
/// labels that the training set does not have.
Dataset load_dataset(const DatasetConfig& config);

/// Checks what can only be checked once the images are known: the patch fits into them, is large enough for
/// the features learned from it, and has the colours that the bank asks for. Throws Error (configuration).
void check_against_data(const Config& config, ImageShape shape);

}  // namespace shallows
