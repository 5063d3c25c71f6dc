#include "models/memory/memory.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>

namespace shallows {

Memory::Memory(const MemoryParams& params, std::size_t dimension, std::size_t classes)
    : params_(params), rows_(dimension, classes) {}

std::span<const float> Memory::input(std::span<const float> inputs, std::size_t i) const {
  return inputs.subspan(i * rows_.dimension(), rows_.dimension());
}

/// Stores inputs as long as there is place; returns how many.
std::size_t Memory::fill(std::span<const float> inputs, std::span<const std::uint8_t> labels) {
  std::size_t done = 0;
  for (; done < labels.size() && rows_.size() < params_.max_neurons; ++done) {
    rows_.add(input(inputs, done), labels[done], 1, batches_);
  }
  return done;
}

/// The winner, or a row of this batch that is nearer.
Match Memory::nearest_fresh(std::span<const float> x, std::uint8_t label, Match winner) const {
  for (const std::uint32_t row : fresh_) {
    if (rows_.label(row) != label) continue;
    const auto distance = static_cast<float>(plain_distance(params_.distance, x, rows_.values(row)));
    winner = std::min(winner, Match{distance, row});
  }
  return winner;
}

bool Memory::wants_row(std::uint8_t label, Match winner) const {
  if (!winner.found()) return true;
  if (params_.gate == ThresholdGate::novelty && static_cast<double>(winner.distance) > params_.threshold)
    return true;
  if (params_.replacement != Replacement::balanced || rows_.size() < params_.max_neurons) return false;
  std::size_t seen = 0;
  for (std::size_t c = 0; c < rows_.classes(); ++c) seen += rows_.count(c) > 0 ? 1 : 0;
  return rows_.count(label) < params_.max_neurons / seen;
}

/// The row to be replaced for an input of this class; Match::kNone if none may be.
std::uint32_t Memory::victim(std::uint8_t label) const {
  std::size_t largest = 0;
  for (std::size_t c = 1; c < rows_.classes(); ++c) {
    if (rows_.count(c) > rows_.count(largest)) largest = c;
  }
  const bool balanced = params_.replacement == Replacement::balanced;
  std::uint32_t best = Match::kNone;
  for (std::uint32_t row = 0; row < rows_.size(); ++row) {
    const std::uint8_t own = rows_.label(row);
    const bool last_of_its_class = own != label && rows_.count(own) == 1;
    if (busy_[row] || last_of_its_class || (balanced && own != largest)) continue;
    const auto key = [&](std::uint32_t r) { return std::pair(rows_.counter(r), rows_.changed(r)); };
    if (best == Match::kNone || key(row) < key(best)) best = row;
  }
  return best;
}

/// Gives the input a row of its own if there is a way.
bool Memory::give_row(std::span<const float> x, std::uint8_t label, Match winner) {
  if (!wants_row(label, winner)) return false;
  if (rows_.size() < params_.max_neurons) {
    fresh_.push_back(rows_.add(x, label, 1, batches_));
    busy_.push_back(true);
    return true;
  }
  if (params_.replacement == Replacement::none) return false;
  const std::uint32_t row = victim(label);
  if (row == Match::kNone) return false;
  rows_.replace(row, x, label, batches_);
  fresh_.push_back(row);
  busy_[row] = true;
  return true;
}

void Memory::learn(std::span<const float> inputs, std::span<const std::uint8_t> labels) {
  assert(inputs.size() == labels.size() * rows_.dimension() && labels.size() <= params_.batch);
  ++batches_;
  if (params_.gate != ThresholdGate::novelty) {
    const std::size_t stored = fill(inputs, labels);
    inputs = inputs.subspan(stored * rows_.dimension());
    labels = labels.subspan(stored);
  }
  if (labels.empty()) return;
  const std::vector<Match> winners = nearest_of_class(rows_, params_.distance, inputs, labels);
  fresh_.clear();
  busy_.assign(rows_.size(), false);
  for (const Match& winner : winners) {
    if (winner.found()) busy_[winner.row] = true;
  }
  std::vector<Move> moves;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const Match winner = nearest_fresh(input(inputs, i), labels[i], winners[i]);
    if (give_row(input(inputs, i), labels[i], winner) || !winner.found()) continue;
    const bool ignored =
        params_.gate == ThresholdGate::plasticity && static_cast<double>(winner.distance) > params_.threshold;
    if (!ignored) moves.push_back({winner.row, static_cast<std::uint32_t>(i)});
  }
  move(moves, inputs);
}

void Memory::move(std::vector<Move>& moves, std::span<const float> inputs) {
  std::sort(moves.begin(), moves.end(), [](const Move& a, const Move& b) {
    return std::pair(a.row, a.input) < std::pair(b.row, b.input);
  });
  std::vector<std::size_t> starts;
  for (std::size_t k = 0; k < moves.size(); ++k) {
    if (k == 0 || moves[k].row != moves[k - 1].row) starts.push_back(k);
  }
  starts.push_back(moves.size());
  tbb::parallel_for(std::size_t{0}, starts.size() - 1, [&](std::size_t g) {
    // In double: exact for pixels, so the order of the inputs in the batch can't matter.
    std::vector<double> sum(rows_.dimension(), 0.0);
    for (std::size_t k = starts[g]; k < starts[g + 1]; ++k) {
      const std::span<const float> x = input(inputs, moves[k].input);
      for (std::size_t j = 0; j < x.size(); ++j) sum[j] += static_cast<double>(x[j]);
    }
    rows_.average(moves[starts[g]].row, sum, static_cast<std::uint32_t>(starts[g + 1] - starts[g]), batches_);
  });
}

std::vector<Match> Memory::nearest(std::span<const float> inputs) const {
  return nearest_rows(rows_, params_.distance, inputs, params_.neighbours);
}

Response Memory::vote(std::span<const Match> matches) const {
  // Distances of zero are as good as this one.
  constexpr float kNear = 1e-6F;
  Response response{.kind = ScoreKind::vote, .scores = std::vector<float>(rows_.classes(), 0.0F)};
  for (const Match& match : matches) {
    if (!match.found()) break;
    float weight = 1.0F;
    if (params_.vote == Vote::distance) weight = 1.0F / std::max(match.distance, kNear);
    if (params_.vote == Vote::counter) weight = static_cast<float>(rows_.counter(match.row));
    response.scores[rows_.label(match.row)] += weight;
  }
  const float most = *std::max_element(response.scores.begin(), response.scores.end());
  for (const Match& match : matches) {
    if (!match.found() || response.scores[rows_.label(match.row)] < most) continue;
    response.predicted = rows_.label(match.row);
    break;
  }
  return response;
}

void Memory::restore_row(std::span<const float> values, std::uint8_t label, std::uint32_t counter,
                         std::uint32_t changed) {
  rows_.add(values, label, counter, changed);
}

}  // namespace shallows
