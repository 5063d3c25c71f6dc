#include "models/memory/memory_search.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "sim/vector/matrix_product.hpp"

namespace shallows {
namespace {

/// Inputs in a tile: enough to pay for reading a block, few enough for the products to stay in cache.
constexpr std::size_t kTile = 256;
/// Blocks in one task.
constexpr std::size_t kBlocksPerTask = 4;

/// Inputs that are compared with the same blocks.
struct Tile {
  std::vector<std::uint32_t> inputs;  ///< their numbers
  std::vector<std::uint32_t> blocks;
  AlignedVector<float> values;  ///< [input][stride]
  std::vector<float> squared_norms;

  Tile(std::span<const float> all, std::size_t dimension, std::size_t stride,
       std::span<const std::uint32_t> numbers, std::span<const std::uint32_t> against)
      : inputs(numbers.begin(), numbers.end()), blocks(against.begin(), against.end()) {
    values.resize(inputs.size() * stride, 0.0F);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const auto input = all.subspan(inputs[i] * dimension, dimension);
      std::copy(input.begin(), input.end(), values.begin() + static_cast<std::ptrdiff_t>(i * stride));
      double sum = 0.0;
      for (const float value : input) sum += static_cast<double>(value) * static_cast<double>(value);
      squared_norms.push_back(static_cast<float>(sum));
    }
  }
};

/// Sum of |a_j - b_j| in sixteen interleaved partial sums, which the compiler turns into vectors.
float l1_distance(const float* a, const float* b, std::size_t stride) {
  constexpr std::size_t kLanes = 16;
  float partial[kLanes] = {};
  for (std::size_t j = 0; j < stride; j += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) partial[lane] += std::abs(a[j + lane] - b[j + lane]);
  }
  float sum = 0.0F;
  for (const float value : partial) sum += value;
  return sum;
}

/// out[row of the block][input]: distances, of l2 the squared one.
void distances(Distance distance, const MemoryRows::Block& block, const Tile& tile, std::size_t stride,
               std::vector<float>& out) {
  const std::size_t inputs = tile.inputs.size();
  out.resize(block.used * inputs);
  const float* rows = block.values.data();
  if (distance == Distance::l1) {
    for (std::size_t r = 0; r < block.used; ++r) {
      for (std::size_t i = 0; i < inputs; ++i) {
        out[r * inputs + i] = l1_distance(tile.values.data() + i * stride, rows + r * stride, stride);
      }
    }
    return;
  }
  multiply(block.used, inputs, stride, {rows, stride, 1}, {tile.values.data(), 1, stride}, out.data(), inputs,
           Sum::fresh);
  for (std::size_t r = 0; r < block.used; ++r) {
    float* of_row = out.data() + r * inputs;
    const float norm = block.squared_norms[r];
    for (std::size_t i = 0; i < inputs; ++i) {
      if (distance == Distance::l2) {
        of_row[i] = std::max(0.0F, tile.squared_norms[i] + norm - 2.0F * of_row[i]);
      } else {
        const float both = std::sqrt(tile.squared_norms[i]) * std::sqrt(norm);
        of_row[i] = both > 0.0F ? 1.0F - of_row[i] / both : 1.0F;
      }
    }
  }
}

/// The best matches so far, sorted; a new one drives out the last.
void insert(std::span<Match> best, Match match) {
  if (!(match < best.back())) return;
  std::size_t at = best.size() - 1;
  for (; at > 0 && match < best[at - 1]; --at) best[at] = best[at - 1];
  best[at] = match;
}

struct Task {
  const Tile* tile;
  std::size_t first_block;
  std::vector<Match> best = {};  ///< [input of the tile][k]
};

void run(Task& task, const MemoryRows& rows, Distance distance, std::size_t k) {
  thread_local std::vector<float> values;
  const Tile& tile = *task.tile;
  task.best.resize(tile.inputs.size() * k);
  const std::size_t end = std::min(task.first_block + kBlocksPerTask, tile.blocks.size());
  for (std::size_t b = task.first_block; b < end; ++b) {
    const MemoryRows::Block& block = rows.blocks()[tile.blocks[b]];
    distances(distance, block, tile, rows.stride(), values);
    const float* found = values.data();
    for (std::size_t r = 0; r < block.used; ++r) {
      for (std::size_t i = 0; i < tile.inputs.size(); ++i, ++found) {
        const std::span<Match> best = std::span(task.best).subspan(i * k, k);
        if (*found <= best.back().distance) insert(best, {*found, block.numbers[r]});
      }
    }
  }
}

std::vector<Match> search(const MemoryRows& rows, Distance distance, std::span<const Tile> tiles,
                          std::size_t inputs, std::size_t k) {
  std::vector<Task> tasks;
  for (const Tile& tile : tiles) {
    for (std::size_t b = 0; b < tile.blocks.size(); b += kBlocksPerTask) tasks.push_back({&tile, b});
  }
  tbb::parallel_for(std::size_t{0}, tasks.size(), [&](std::size_t t) { run(tasks[t], rows, distance, k); });
  std::vector<Match> best(inputs * k);
  for (const Task& task : tasks) {
    for (std::size_t i = 0; i < task.tile->inputs.size(); ++i) {
      for (std::size_t j = 0; j < k; ++j) {
        insert(std::span(best).subspan(task.tile->inputs[i] * k, k), task.best[i * k + j]);
      }
    }
  }
  if (distance == Distance::l2) {
    for (Match& match : best) match.distance = std::sqrt(match.distance);
  }
  return best;
}

void add_tiles(const MemoryRows& rows, std::span<const float> inputs, std::span<const std::uint32_t> numbers,
               std::span<const std::uint32_t> blocks, std::vector<Tile>& tiles) {
  for (std::size_t first = 0; first < numbers.size(); first += kTile) {
    tiles.emplace_back(inputs, rows.dimension(), rows.stride(),
                       numbers.subspan(first, std::min(kTile, numbers.size() - first)), blocks);
  }
}

}  // namespace

double plain_distance(Distance distance, std::span<const float> a, std::span<const float> b) {
  assert(a.size() == b.size());
  double squares = 0.0, absolute = 0.0, product = 0.0, a2 = 0.0, b2 = 0.0;
  for (std::size_t j = 0; j < a.size(); ++j) {
    const double x = a[j], y = b[j];
    squares += (x - y) * (x - y);
    absolute += std::abs(x - y);
    product += x * y;
    a2 += x * x;
    b2 += y * y;
  }
  switch (distance) {
    case Distance::l2:
      return std::sqrt(squares);
    case Distance::l1:
      return absolute;
    case Distance::cosine:
      return a2 > 0.0 && b2 > 0.0 ? 1.0 - product / std::sqrt(a2 * b2) : 1.0;
  }
  return 0.0;  // not reached: every enumerator returns above
}

std::vector<Match> nearest_rows(const MemoryRows& rows, Distance distance, std::span<const float> inputs,
                                std::size_t k) {
  assert(k >= 1 && inputs.size() % rows.dimension() == 0);
  const std::size_t count = inputs.size() / rows.dimension();
  std::vector<std::uint32_t> numbers(count), blocks;
  for (std::size_t i = 0; i < count; ++i) numbers[i] = static_cast<std::uint32_t>(i);
  for (std::size_t label = 0; label < rows.classes(); ++label) {
    const auto own = rows.blocks_of(label);
    blocks.insert(blocks.end(), own.begin(), own.end());
  }
  std::vector<Tile> tiles;
  add_tiles(rows, inputs, numbers, blocks, tiles);
  return search(rows, distance, tiles, count, k);
}

std::vector<Match> nearest_of_class(const MemoryRows& rows, Distance distance, std::span<const float> inputs,
                                    std::span<const std::uint8_t> labels) {
  assert(inputs.size() == labels.size() * rows.dimension());
  std::vector<std::vector<std::uint32_t>> of_class(rows.classes());
  for (std::size_t i = 0; i < labels.size(); ++i)
    of_class[labels[i]].push_back(static_cast<std::uint32_t>(i));
  std::vector<Tile> tiles;
  for (std::size_t label = 0; label < rows.classes(); ++label) {
    add_tiles(rows, inputs, of_class[label], rows.blocks_of(label), tiles);
  }
  return search(rows, distance, tiles, labels.size(), 1);
}

}  // namespace shallows
