#include "experiments/run/stored/memory_file.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "output/record/stored_memory.hpp"
#include "sim/core/error.hpp"

namespace shallows {
namespace {

constexpr std::size_t kPiece = 1024;  // rows

void write_rows(RunWriter& writer, const StoredMemory& stored, const MemoryRows& rows) {
  std::vector<std::uint8_t> labels;
  std::vector<std::uint32_t> counters, changed;
  h5::GrowingDataset dataset(writer.file(), stored.rows, h5::ElementType::f32, rows.dimension(),
                             std::max<std::size_t>(1, (std::size_t{1} << 18U) / rows.dimension()), 0);
  std::vector<float> piece;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const auto values = rows.values(row);
    piece.insert(piece.end(), values.begin(), values.end());
    labels.push_back(rows.label(row));
    counters.push_back(rows.counter(row));
    changed.push_back(rows.changed(row));
    if ((row + 1) % kPiece == 0 || row + 1 == rows.size()) {
      dataset.append(piece);
      piece.clear();
    }
  }
  writer.write_array(stored.labels, labels);
  writer.write_array(stored.counters, counters);
  writer.write_array(stored.changed, changed);
}

}  // namespace

void write_memory(RunWriter& writer, const MemoryNetwork& network) {
  const std::size_t memories = network.memories().size();
  for (std::size_t m = 0; m < memories; ++m)
    write_rows(writer, StoredMemory(m, memories), network.memories()[m].rows());
  writer.write_array(kMemoryBatches, std::array<std::uint32_t, 1>{network.memories().front().batches()});
}

void read_memory(const RunReader& reader, MemoryNetwork& network) {
  for (std::size_t m = 0; m < network.memories().size(); ++m) {
    const StoredMemory stored(m, network.memories().size());
    const std::size_t dimension = network.memories()[m].rows().dimension();
    const h5::Shape shape = reader.shape(stored.rows);
    if (shape.size() != 2 || shape[1] != dimension) {
      throw Error(ErrorKind::data, "'" + reader.path() +
                                       "' holds rows of another length than its images have (" + stored.rows +
                                       "); the file was changed or damaged, train again");
    }
    const auto labels = reader.read_array<std::uint8_t>(stored.labels, {shape[0]});
    const auto counters = reader.read_array<std::uint32_t>(stored.counters, {shape[0]});
    const auto changed = reader.read_array<std::uint32_t>(stored.changed, {shape[0]});
    for (std::size_t first = 0; first < labels.size(); first += kPiece) {
      const std::size_t count = std::min(kPiece, labels.size() - first);
      const std::vector<float> piece = reader.file().read_rows<float>(stored.rows, first, count);
      for (std::size_t i = 0; i < count; ++i) {
        network.restore_row(m, std::span(piece).subspan(i * dimension, dimension), labels[first + i],
                            counters[first + i], changed[first + i]);
      }
    }
  }
  network.restore_batches(reader.read_array<std::uint32_t>(kMemoryBatches, {1})[0]);
}

}  // namespace shallows
