// The memory network on the shared encoders: pixels or receptive fields, matched against a memory of labelled
// rows (models/memory/memory.hpp). With channel voting, one memory for each colour channel.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "encoders/receptive_fields.hpp"
#include "models/memory/memory.hpp"
#include "models/memory/memory_features.hpp"
#include "models/memory/memory_params.hpp"
#include "models/presentation.hpp"
#include "models/response.hpp"

namespace shallows {

class MemoryNetwork {
 public:
  /// Without a bank the rows hold pixels. Throws Error (configuration) for fewer rows than classes, and for
  /// channel voting with a bank.
  MemoryNetwork(const MemoryParams& params, const ReceptiveFields* bank, ImageShape shape,
                std::size_t classes);

  const MemoryParams& params() const { return params_; }
  std::size_t classes() const { return classes_; }
  /// Filters of the bank; 0 without one.
  std::size_t fields() const { return fields_; }
  static constexpr const char* engine() { return "matrix products"; }
  /// Rows stored, of all memories.
  std::size_t hidden() const;
  /// One, or one for each channel.
  std::span<const Memory> memories() const { return memories_; }
  /// Multiply-adds of one answer with the rows stored so far.
  std::uint64_t operations() const;
  /// Those of learning an image of this class.
  std::uint64_t operations(std::uint8_t label) const;

  /// What learn() writes for an image that it did not judge.
  static constexpr std::uint8_t kNotJudged = 255;

  /// Learns the images in batches of params().batch, which begin with the first image. `predicted` (as many)
  /// receives what the network would have said to every judge_every-th image before its batch was learned;
  /// 0: to none.
  void learn(std::span<const Presentation> presentations, std::size_t judge_every,
             std::span<std::uint8_t> predicted);

  /// Does not learn; an answer does not depend on the other images. Throws Error (network) if the memory is
  /// empty.
  std::vector<Response> respond(std::span<const Image> images) const;

  /// For who reads the rows from a file: appends to memory `m`, in the order of the rows' numbers. Throws
  /// Error (data) for a label out of range, a counter of 0, values that are no numbers, and more rows than
  /// params().max_neurons.
  void restore_row(std::size_t m, std::span<const float> values, std::uint32_t label, std::uint32_t counter,
                   std::uint32_t changed);
  void restore_batches(std::uint32_t batches);

 private:
  /// The part of each image's features that memory m sees, one after the other.
  std::vector<float> part(std::span<const float> features, std::size_t m) const;
  std::vector<Response> answer(std::span<const float> features) const;
  Response majority(std::span<const Response> answers, std::span<const float> distances) const;

  MemoryParams params_;
  std::size_t classes_;
  std::size_t fields_;
  MemoryFeatures features_;
  std::vector<Memory> memories_;
};

}  // namespace shallows
