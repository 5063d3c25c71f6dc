// Which images a network learns from and is tested on: what tells another data set from the same one in
// another place, and a held-out image from one that was learned.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "encoders/image.hpp"

namespace shallows {

/// The images and labels of some files, whatever their names, format and compression.
struct ImagesIdentity {
  /// SHA-256 of height, width, channels and the number of images (uint32, little endian each), then all
  /// pixels in the order of ImageSet, then all labels. Empty if there are no images.
  std::string sha256 = {};
  std::uint64_t images = 0;

  friend bool operator==(const ImagesIdentity&, const ImagesIdentity&) = default;
};

ImagesIdentity identity_of(const ImageSet& set);

/// The images that a network has learned from, or a bank was fitted on.
struct LearnedImages {
  ImagesIdentity files;     ///< of all images of the training files
  std::uint64_t first = 0;  ///< learned from the first so many of them: the rest was held out
  std::string classes;      ///< labels with commas: from their images only; empty: from all

  friend bool operator==(const LearnedImages&, const LearnedImages&) = default;
};

struct DataIdentity {
  LearnedImages learned;
  ImagesIdentity test;  ///< of all images of the test files, whatever classes are left out
};

/// Whether one of the last `held_out` images of the files `now`, of the classes `classes`, is among the
/// learned ones.
bool has_learned_held_out(const LearnedImages& learned, const ImagesIdentity& now, std::uint64_t held_out,
                          std::string_view classes);
/// Whether test images are among the learned ones: the same files serve for both.
bool has_learned_test(const LearnedImages& learned, const ImagesIdentity& test, std::string_view classes);

/// "3f5a1c0b", enough of a digest to tell two apart in a message.
std::string short_digest(std::string_view sha256);

/// As text in a file: a JSON array of {sha256, images, first, classes}. from_text() throws Error (data)
/// for anything else.
std::string to_text(const std::vector<LearnedImages>& learned);
std::vector<LearnedImages> learned_from_text(const std::string& text);

}  // namespace shallows
