// Images as the data sets store them, and as the networks see them: pixel / 255 minus a per-pixel mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shallows {

struct ImageShape {
  std::size_t height = 0;
  std::size_t width = 0;
  std::size_t channels = 1;

  std::size_t pixels() const { return height * width * channels; }

  friend bool operator==(const ImageShape&, const ImageShape&) = default;
};

/// One image, a view. Pixel (channel, row, column) is at (channel * height + row) * width + column.
struct Image {
  ImageShape shape;
  std::span<const std::uint8_t> pixels;
  std::span<const float> mean;  ///< per-pixel mean in [0, 1] that centered() removes

  /// Writes pixel / 255 - mean to `out` (shape.pixels() values).
  void centered(std::span<float> out) const;
};

/// Labelled images of one shape, with the per-pixel mean that their centered view removes.
class ImageSet {
 public:
  ImageSet() = default;

  /// `pixels` holds labels.size() images one after the other. The mean starts as zero.
  ImageSet(ImageShape shape, std::vector<std::uint8_t> pixels, std::vector<std::uint8_t> labels);

  const ImageShape& shape() const { return shape_; }
  std::size_t size() const { return labels_.size(); }
  bool empty() const { return labels_.empty(); }

  Image image(std::size_t i) const;
  std::uint8_t label(std::size_t i) const { return labels_[i]; }
  std::span<const std::uint8_t> labels() const { return labels_; }
  /// Of all images, one after the other.
  std::span<const std::uint8_t> pixels() const { return pixels_; }

  /// The mean of pixel / 255 over all images of this set; zero if empty.
  std::vector<float> pixel_mean() const;
  /// Sets what centered() removes. The training set's mean goes to the test set too (no test data in
  /// training).
  void set_mean(std::vector<float> mean);
  std::span<const float> mean() const { return mean_; }

  /// Images [first, first + count), with the same mean.
  ImageSet slice(std::size_t first, std::size_t count) const;
  /// These images, in this order, with the same mean.
  ImageSet select(std::span<const std::size_t> images) const;

 private:
  ImageShape shape_;
  std::vector<std::uint8_t> pixels_;
  std::vector<std::uint8_t> labels_;
  std::vector<float> mean_;
};

}  // namespace shallows
