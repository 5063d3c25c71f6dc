// A memory: rows that store inputs with their class, and move towards later inputs of that class (Ruiz and
// Gupta 2024; docs/reference.md, memory network).
//
//     winner           i* = argmin over the rows of the input's class of D(x, r_i)
//     counter average  r_i* <- (C_i* r_i* + sum of its m inputs) / (C_i* + m),  C_i* <- C_i* + m
//     answer           the class of the nearest row, or the vote of the k nearest
//
// A batch is matched against the state before it, all inputs at once; then all winners move. Inputs that ask
// for a row of their own get it in their order in the batch.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/memory/memory_params.hpp"
#include "models/memory/memory_rows.hpp"
#include "models/memory/memory_search.hpp"
#include "models/response.hpp"

namespace shallows {

class Memory {
 public:
  Memory(const MemoryParams& params, std::size_t dimension, std::size_t classes);

  const MemoryRows& rows() const { return rows_; }
  /// Batches learned so far: the time that MemoryRows::changed counts in.
  std::uint32_t batches() const { return batches_; }

  /// Learns one batch of at most params.batch inputs, vectors of rows().dimension() one after the other.
  void learn(std::span<const float> inputs, std::span<const std::uint8_t> labels);

  /// The k nearest rows of each input, [input][k].
  std::vector<Match> nearest(std::span<const float> inputs) const;
  /// What these k rows say: one score per class; of equal ones the class of the nearest row wins.
  Response vote(std::span<const Match> matches) const;

  /// A row that was stored, in the order of their numbers.
  void restore_row(std::span<const float> values, std::uint8_t label, std::uint32_t counter,
                   std::uint32_t changed);
  void restore_batches(std::uint32_t batches) { batches_ = batches; }

 private:
  /// An input and the row that it moves.
  struct Move {
    std::uint32_t row;
    std::uint32_t input;
  };

  std::span<const float> input(std::span<const float> inputs, std::size_t i) const;
  std::size_t fill(std::span<const float> inputs, std::span<const std::uint8_t> labels);
  Match nearest_fresh(std::span<const float> x, std::uint8_t label, Match winner) const;
  bool wants_row(std::uint8_t label, Match winner) const;
  bool give_row(std::span<const float> x, std::uint8_t label, Match winner);
  std::uint32_t victim(std::uint8_t label) const;
  void move(std::vector<Move>& moves, std::span<const float> inputs);

  MemoryParams params_;
  MemoryRows rows_;
  std::uint32_t batches_ = 0;
  std::vector<std::uint32_t> fresh_;  // rows made in this batch while matching, whose place is not final
  std::vector<bool> busy_;            // rows that this batch moves or made
};

}  // namespace shallows
