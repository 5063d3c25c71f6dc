// Parameters of the memory network (Ruiz and Gupta 2024, arXiv 2409.17282; the published text leaves much
// open, so the options cover its readings).
#pragma once

#include <cstddef>
#include <cstdint>

#include "encoders/complex_cells.hpp"
#include "sim/core/fields.hpp"

namespace shallows {

enum class Distance {
  l2,      ///< |x - r|
  l1,      ///< sum of |x_j - r_j|
  cosine,  ///< 1 - x.r / (|x| |r|); 1 if either is zero
};

/// What the threshold does.
enum class ThresholdGate {
  none,
  novelty,     ///< an input farther from every row of its class becomes a row of its own while there is place
  plasticity,  ///< once the memory is full, an input farther than that from its winner is ignored
};

/// What a vote of one of the k nearest rows counts.
enum class Vote {
  plain,     ///< 1
  distance,  ///< 1 / distance
  counter,   ///< the row's counter
};

/// What becomes of a full memory when an input asks for a row: it is novel, or its class has none.
enum class Replacement {
  none,        ///< it moves its winner all the same; without one it is skipped
  least_used,  ///< it takes the place of the row with the smallest counter, of those the one longest unused
  /// So do all inputs of a class that has fewer rows than its share, max_neurons / classes seen: the place of
  /// the least used row of the largest class.
  balanced,
};

enum class Channels {
  joint,  ///< one memory of all channels
  vote,   ///< one memory for each channel; the majority of their answers wins, else the nearest one
};

/// What the rows and the receptive fields see of an image.
enum class MemoryInput {
  pixels,        ///< pixel / 255
  centered,      ///< minus the training mean
  standardised,  ///< each image to mean 0 and standard deviation 1
};

/// The rectified responses of a field: one feature, or two.
enum class Signs {
  positive,  ///< relu(r)
  both,      ///< relu(r) and relu(-r), of a field and its negative
};

struct MemoryParams {
  std::size_t max_neurons = 20000;  ///< rows, of each channel's memory
  std::size_t batch = 100;          ///< inputs that are matched against one state; 1: online
  Distance distance = Distance::l2;
  ThresholdGate gate = ThresholdGate::none;
  double threshold = 0.0;      ///< a distance
  std::size_t neighbours = 1;  ///< k, the rows that vote
  Vote vote = Vote::plain;
  Replacement replacement = Replacement::none;
  Channels channels = Channels::joint;
  MemoryInput input = MemoryInput::pixels;
  ComplexCells cells = {};  ///< of the hidden layer
  Signs signs = Signs::positive;
  double exponent = 1.0;         ///< of the pooled responses
  std::size_t judge_every = 10;  ///< of so many training images one is judged; 0: none

  static Fields<MemoryParams> fields();
  /// Those that mean something if there is a hidden layer.
  static Fields<MemoryParams> fields_of_hidden_layer();
};

}  // namespace shallows
